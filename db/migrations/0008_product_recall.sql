-- A refund takes back what it pays back: units of stock and of entitlement lots.
ALTER TABLE bmt_product.stock_holds
    ADD COLUMN returned BIGINT NOT NULL DEFAULT 0 COMMENT 'units of a SOLD hold that a refund returned to the stock',
    ADD CONSTRAINT ck_stock_holds_returned CHECK (returned >= 0 AND returned <= quantity);

ALTER TABLE bmt_product.entitlement_lots
    ADD COLUMN recalled BIGINT NOT NULL DEFAULT 0 COMMENT 'units that a refund recalled; RECALLED when all are',
    ADD CONSTRAINT ck_entitlement_lots_recalled CHECK (recalled >= 0 AND recalled <= quantity);
