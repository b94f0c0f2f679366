-- Money goes back over the channel that it came by; never more than came.
ALTER TABLE bmt_payment.payments
    ADD COLUMN refund_minor BIGINT NOT NULL DEFAULT 0 COMMENT 'sum of the refunds that have not failed',
    ADD CONSTRAINT ck_payments_refund CHECK (refund_minor >= 0 AND refund_minor <= amount_minor);

CREATE TABLE bmt_payment.refunds (
    refund_id      BIGINT          NOT NULL,
    biz_id         BIGINT          NOT NULL,
    payment_id     BIGINT          NOT NULL,
    order_id       BIGINT          NOT NULL COMMENT 'of the payment; 0: none',
    channel_account_id BIGINT      NOT NULL,
    purpose        TINYINT         NOT NULL COMMENT '1 ORDER: bmt_order.refunds has a row of the same id, 2 LATE: money that came too late',
    state          TINYINT         NOT NULL COMMENT 'bmt.order.v1.RefundState',
    version        INT             NOT NULL,
    currency       CHAR(3)         NOT NULL,
    amount_minor   BIGINT          NOT NULL,
    channel_ref    VARCHAR(64)         NULL COMMENT 'the channel''s id of the refund',
    channel_transaction VARCHAR(64)    NULL COMMENT 'the channel''s number of the movement of money',
    failure        VARCHAR(64)     NOT NULL COMMENT 'the channel''s reason of FAILED',
    due_time_ms    BIGINT          NOT NULL COMMENT 'when to ask the channel next; 0: never',
    attempts       INT             NOT NULL COMMENT 'questions asked since the last move',
    create_time_ms BIGINT          NOT NULL,
    update_time_ms BIGINT          NOT NULL,
    succeed_time_ms BIGINT         NOT NULL,
    PRIMARY KEY (refund_id),
    UNIQUE KEY uq_refunds_channel_ref (channel_account_id, channel_ref),
    KEY ix_refunds_payment (payment_id),
    KEY ix_refunds_order (order_id),
    KEY ix_refunds_due (due_time_ms),
    CHECK (amount_minor > 0)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE bmt_payment.refund_events (
    refund_id      BIGINT          NOT NULL,
    version        INT             NOT NULL COMMENT 'from 2 on; version 1, the creation, is the refund row itself',
    biz_id         BIGINT          NOT NULL,
    event          TINYINT         NOT NULL,
    from_state     TINYINT         NOT NULL,
    to_state       TINYINT         NOT NULL,
    actor          VARCHAR(96)     NOT NULL COMMENT 'who brought the proof: channel''s reply, query',
    detail         VARCHAR(255)    NOT NULL,
    create_time_ms BIGINT          NOT NULL,
    PRIMARY KEY (refund_id, version)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
