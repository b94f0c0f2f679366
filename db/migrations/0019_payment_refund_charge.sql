-- A charge of no order goes back too; its refund has no order's side to keep the request and the reason.
ALTER TABLE bmt_payment.refunds
    MODIFY COLUMN purpose TINYINT NOT NULL COMMENT '1 ORDER: bmt_order.refunds has a row of the same id, 2 LATE: money that came too late, 3 CHARGE: of no order',
    ADD COLUMN request_id  VARBINARY(64)     NULL COMMENT 'of RefundPayment: the row is its own idempotency record',
    ADD COLUMN fingerprint BINARY(16)    NOT NULL DEFAULT '',
    ADD COLUMN reason      VARCHAR(255)  NOT NULL DEFAULT '' COMMENT 'of CHARGE',
    ADD COLUMN actor       VARCHAR(96)   NOT NULL DEFAULT '' COMMENT 'who asked for it, of CHARGE',
    ADD UNIQUE KEY uq_refunds_request (biz_id, request_id);
