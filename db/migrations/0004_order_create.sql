-- Orders with their lines, and every move of their state.
CREATE TABLE bmt_order.orders (
    order_id       BIGINT          NOT NULL,
    biz_id         BIGINT          NOT NULL,
    user_id        VARCHAR(64)     NOT NULL,
    request_id     VARBINARY(64)   NOT NULL COMMENT 'of CreateOrder: the order row is its own idempotency record',
    fingerprint    BINARY(16)      NOT NULL,
    state          TINYINT         NOT NULL COMMENT 'bmt.order.v1.OrderState',
    close_reason   TINYINT         NOT NULL COMMENT 'bmt.order.v1.CloseReason',
    version        INT             NOT NULL COMMENT 'counts moves; the version of the last event',
    currency       CHAR(3)         NOT NULL,
    amount_minor   BIGINT          NOT NULL,
    line_count     SMALLINT        NOT NULL,
    quote_id       BIGINT          NOT NULL COMMENT '0: none',
    payment_id     BIGINT          NOT NULL COMMENT 'the payment in progress or the one that paid; 0: none',
    due_time_ms    BIGINT          NOT NULL COMMENT 'when the state''s timer fires: expiry or confirmation; 0: no timer',
    create_time_ms BIGINT          NOT NULL,
    update_time_ms BIGINT          NOT NULL,
    pay_time_ms      BIGINT        NOT NULL,
    fulfil_time_ms   BIGINT        NOT NULL,
    complete_time_ms BIGINT        NOT NULL,
    created_by     VARCHAR(96)     NOT NULL COMMENT 'actor of the first event, which is not stored otherwise',
    labels         VARCHAR(2000)   NOT NULL COMMENT 'key=value lines as given',
    PRIMARY KEY (order_id),
    UNIQUE KEY uq_orders_request (biz_id, request_id),
    KEY ix_orders_business (biz_id, order_id),
    KEY ix_orders_user (biz_id, user_id, order_id),
    KEY ix_orders_due (state, due_time_ms)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE bmt_order.order_lines (
    order_id       BIGINT          NOT NULL,
    line_no        SMALLINT        NOT NULL,
    biz_id         BIGINT          NOT NULL,
    sku_id         BIGINT          NOT NULL,
    spu_id         BIGINT          NOT NULL,
    price_id       BIGINT          NOT NULL,
    title          VARCHAR(200)    NOT NULL,
    quantity       BIGINT          NOT NULL,
    unit_minor     BIGINT          NOT NULL,
    amount_minor   BIGINT          NOT NULL,
    PRIMARY KEY (order_id, line_no)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE bmt_order.order_events (
    order_id       BIGINT          NOT NULL,
    version        INT             NOT NULL COMMENT 'from 2 on; version 1, the creation, is the order row itself',
    biz_id         BIGINT          NOT NULL,
    event          TINYINT         NOT NULL COMMENT 'bmt.order.v1.OrderEventKind',
    from_state     TINYINT         NOT NULL,
    to_state       TINYINT         NOT NULL,
    close_reason   TINYINT         NOT NULL,
    payment_id     BIGINT          NOT NULL,
    actor          VARCHAR(96)     NOT NULL,
    detail         VARCHAR(255)    NOT NULL,
    create_time_ms BIGINT          NOT NULL,
    PRIMARY KEY (order_id, version)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE bmt_order.requests (
    biz_id         BIGINT          NOT NULL,
    method         VARBINARY(96)   NOT NULL,
    request_id     VARBINARY(64)   NOT NULL,
    fingerprint    BINARY(16)      NOT NULL,
    reply          MEDIUMBLOB      NOT NULL,
    create_time_ms BIGINT          NOT NULL,
    PRIMARY KEY (biz_id, method, request_id)
) ENGINE = InnoDB;
