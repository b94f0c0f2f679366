-- What payers' banks have taken back must not be paid back once more: refunds are bounded under the order's lock.
ALTER TABLE bmt_order.order_lines
    ADD COLUMN disputed_minor BIGINT NOT NULL DEFAULT 0 COMMENT 'of the amount: taken back by disputes that are open or lost',
    ADD CONSTRAINT ck_order_lines_disputed CHECK (disputed_minor >= 0 AND disputed_minor <= amount_minor);
