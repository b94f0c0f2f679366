-- Money in: the channels' accounts, payments with every move of their state, and what channels told us.
CREATE TABLE bmt_payment.channel_accounts (
    channel_account_id BIGINT      NOT NULL,
    biz_id         BIGINT          NOT NULL,
    code           VARCHAR(32)     NOT NULL,
    channel        VARCHAR(32)     NOT NULL COMMENT 'name of the adapter',
    title          VARCHAR(64)     NOT NULL,
    merchant       VARCHAR(64)     NOT NULL COMMENT 'our name at the channel',
    secret_name    VARCHAR(64)     NOT NULL COMMENT 'file in the server''s secrets folder; the secret itself is never stored',
    base_url       VARCHAR(255)    NOT NULL,
    notify_url     VARCHAR(255)    NOT NULL,
    state          TINYINT         NOT NULL COMMENT '1 ENABLED, 2 DISABLED',
    priority       INT             NOT NULL COMMENT 'smaller is preferred',
    version        INT             NOT NULL,
    create_time_ms BIGINT          NOT NULL,
    update_time_ms BIGINT          NOT NULL,
    PRIMARY KEY (channel_account_id),
    UNIQUE KEY uq_channel_accounts_code (biz_id, code)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE bmt_payment.payments (
    payment_id     BIGINT          NOT NULL,
    biz_id         BIGINT          NOT NULL,
    order_id       BIGINT          NOT NULL,
    user_id        VARCHAR(64)     NOT NULL,
    channel_account_id BIGINT      NOT NULL,
    request_id     VARBINARY(64)   NOT NULL COMMENT 'of PayOrder or CreatePayment: the row is its own idempotency record',
    fingerprint    BINARY(16)      NOT NULL,
    state          TINYINT         NOT NULL COMMENT 'bmt.payment.v1.PaymentState',
    version        INT             NOT NULL,
    currency       CHAR(3)         NOT NULL,
    amount_minor   BIGINT          NOT NULL,
    channel_ref    VARCHAR(64)         NULL COMMENT 'the channel''s id of the payment',
    channel_transaction VARCHAR(64)    NULL COMMENT 'the channel''s number of the movement of money',
    action_url     VARCHAR(1024)   NOT NULL COMMENT 'where the person pays',
    return_url     VARCHAR(1024)   NOT NULL,
    failure        VARCHAR(64)     NOT NULL COMMENT 'the channel''s reason of FAILED',
    is_late        TINYINT(1)      NOT NULL COMMENT 'succeeded after the order had closed: to be refunded',
    due_time_ms    BIGINT          NOT NULL COMMENT 'when to ask the channel next; 0: never',
    attempts       INT             NOT NULL COMMENT 'questions asked since the last move',
    expire_time_ms BIGINT          NOT NULL,
    create_time_ms BIGINT          NOT NULL,
    update_time_ms BIGINT          NOT NULL,
    succeed_time_ms BIGINT         NOT NULL,
    PRIMARY KEY (payment_id),
    UNIQUE KEY uq_payments_request (biz_id, request_id),
    UNIQUE KEY uq_payments_channel_ref (channel_account_id, channel_ref),
    KEY ix_payments_order (order_id),
    KEY ix_payments_business (biz_id, payment_id),
    KEY ix_payments_due (due_time_ms)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE bmt_payment.payment_events (
    payment_id     BIGINT          NOT NULL,
    version        INT             NOT NULL COMMENT 'from 2 on; version 1, the creation, is the payment row itself',
    biz_id         BIGINT          NOT NULL,
    event          TINYINT         NOT NULL,
    from_state     TINYINT         NOT NULL,
    to_state       TINYINT         NOT NULL,
    actor          VARCHAR(96)     NOT NULL COMMENT 'who brought the proof: channel''s reply, notification, query',
    detail         VARCHAR(255)    NOT NULL,
    create_time_ms BIGINT          NOT NULL,
    PRIMARY KEY (payment_id, version)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE bmt_payment.notifications (
    channel_account_id BIGINT      NOT NULL,
    event_id       VARCHAR(64)     NOT NULL COMMENT 'the channel''s own; the same one told twice counts once',
    biz_id         BIGINT          NOT NULL,
    payment_id     BIGINT          NOT NULL,
    outcome        TINYINT         NOT NULL COMMENT '1 APPLIED, 2 NO_CHANGE, 3 MISMATCH',
    body           VARBINARY(4096) NOT NULL COMMENT 'as received, cut; the proof',
    create_time_ms BIGINT          NOT NULL,
    PRIMARY KEY (channel_account_id, event_id),
    KEY ix_notifications_payment (payment_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE bmt_payment.requests (
    biz_id         BIGINT          NOT NULL,
    method         VARBINARY(96)   NOT NULL,
    request_id     VARBINARY(64)   NOT NULL,
    fingerprint    BINARY(16)      NOT NULL,
    reply          MEDIUMBLOB      NOT NULL,
    create_time_ms BIGINT          NOT NULL,
    PRIMARY KEY (biz_id, method, request_id)
) ENGINE = InnoDB;
