-- A refund takes back what it pays back: units of stock and of entitlement lots. What was sold is never forgotten, even
-- when a SKU becomes unlimited for a while.
ALTER TABLE bmt_product.stocks
    ADD COLUMN is_counted TINYINT(1) NOT NULL DEFAULT 1 COMMENT '0: unlimited; the row tells what was sold before';

ALTER TABLE bmt_product.stock_holds
    ADD COLUMN returned BIGINT NOT NULL DEFAULT 0 COMMENT 'units of a SOLD hold that a refund returned to the stock',
    ADD CONSTRAINT ck_stock_holds_returned CHECK (returned >= 0 AND returned <= quantity);

ALTER TABLE bmt_product.entitlement_lots
    ADD COLUMN recalled BIGINT NOT NULL DEFAULT 0 COMMENT 'units that a refund recalled; RECALLED when all are',
    ADD CONSTRAINT ck_entitlement_lots_recalled CHECK (recalled >= 0 AND recalled <= quantity);
