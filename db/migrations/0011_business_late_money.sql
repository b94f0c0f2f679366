-- Money may come after its order has closed; some businesses rather deliver then than pay back.
ALTER TABLE bmt_business.businesses
    ADD COLUMN late_money TINYINT NOT NULL DEFAULT 1 COMMENT '1 REFUND: it goes back, 2 REOPEN: the order is fulfilled if it still can be';
