-- What a channel keeps of a payment is told with its success and again by its statement, whose other lines settlement compares.
ALTER TABLE bmt_payment.payments
    ADD COLUMN fee_minor BIGINT NOT NULL DEFAULT 0 COMMENT 'of the amount: what the channel keeps; known once it has succeeded',
    ADD CONSTRAINT ck_payments_fee CHECK (fee_minor >= 0 AND fee_minor <= amount_minor);

ALTER TABLE bmt_payment.statement_lines
    MODIFY COLUMN kind TINYINT NOT NULL COMMENT '1 PAYMENT: money came, 2 REFUND: money went back, 3 PAYOUT: money went to a partner, 4 RETURN: a payout came back, 5 SETTLEMENT: money came to our bank',
    MODIFY COLUMN object_id BIGINT NOT NULL COMMENT 'our payment, refund or payout as the channel names it; 0: it names none of ours',
    MODIFY COLUMN channel_ref VARCHAR(64) NOT NULL COMMENT 'the channel''s id of the payment, refund, payout or settlement',
    ADD COLUMN fee_minor BIGINT NOT NULL DEFAULT 0 COMMENT 'of the amount: what the channel kept';
