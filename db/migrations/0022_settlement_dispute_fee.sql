-- Channels charge for a dispute, some give that back when it is won: the platform bears it, and the books must know.
ALTER TABLE bmt_settlement.disputes
    ADD COLUMN fee_minor BIGINT NOT NULL DEFAULT 0 COMMENT 'what the channel charged when it was opened',
    ADD COLUMN fee_returned_minor BIGINT NOT NULL DEFAULT 0 COMMENT 'of the fee: what the channel gave back when it ended',
    ADD CONSTRAINT ck_disputes_fee CHECK (fee_minor >= 0 AND fee_returned_minor >= 0 AND fee_returned_minor <= fee_minor);
