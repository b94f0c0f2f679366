-- A buyer may try another channel after a failed payment; some businesses rather free the stock at once.
ALTER TABLE bmt_business.businesses
    ADD COLUMN failed_payment TINYINT NOT NULL DEFAULT 1 COMMENT '1 KEEP_ORDER: it waits on, 2 CLOSE_ORDER';
