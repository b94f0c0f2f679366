-- Money goes back for an order: what is recalled and why. The money itself is the payment module's refund of the same id.
ALTER TABLE bmt_order.orders
    ADD COLUMN refund_id      BIGINT NOT NULL DEFAULT 0 COMMENT 'the refund under way; 0: none',
    ADD COLUMN refunded_minor BIGINT NOT NULL DEFAULT 0 COMMENT 'what went back',
    ADD CONSTRAINT ck_orders_refunded CHECK (refunded_minor >= 0 AND refunded_minor <= amount_minor);

ALTER TABLE bmt_order.order_lines
    ADD COLUMN refunded_quantity BIGINT NOT NULL DEFAULT 0 COMMENT 'units that were recalled',
    ADD CONSTRAINT ck_order_lines_refunded CHECK (refunded_quantity >= 0 AND refunded_quantity <= quantity);

CREATE TABLE bmt_order.refunds (
    refund_id      BIGINT          NOT NULL,
    biz_id         BIGINT          NOT NULL,
    order_id       BIGINT          NOT NULL,
    payment_id     BIGINT          NOT NULL,
    request_id     VARBINARY(64)   NOT NULL COMMENT 'of RefundOrder: the row is its own idempotency record',
    fingerprint    BINARY(16)      NOT NULL,
    currency       CHAR(3)         NOT NULL,
    amount_minor   BIGINT          NOT NULL,
    reason         VARCHAR(255)    NOT NULL,
    actor          VARCHAR(96)     NOT NULL,
    create_time_ms BIGINT          NOT NULL,
    PRIMARY KEY (refund_id),
    UNIQUE KEY uq_refunds_request (biz_id, request_id),
    KEY ix_refunds_order (order_id),
    CHECK (amount_minor > 0)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin COMMENT 'where a refund stands is told by bmt_payment.refunds';

CREATE TABLE bmt_order.refund_lines (
    refund_id      BIGINT          NOT NULL,
    line_no        SMALLINT        NOT NULL,
    biz_id         BIGINT          NOT NULL,
    quantity       BIGINT          NOT NULL COMMENT 'units to be recalled when the money has gone back',
    PRIMARY KEY (refund_id, line_no),
    CHECK (quantity > 0)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
