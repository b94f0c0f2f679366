-- A channel takes some currencies and amounts, and some only make sense on a phone: a cashier offers what can be paid with.
ALTER TABLE bmt_payment.channel_accounts
    ADD COLUMN currencies VARCHAR(48) NOT NULL DEFAULT '' COMMENT 'codes one behind another; empty: all',
    ADD COLUMN amount_min BIGINT      NOT NULL DEFAULT 0 COMMENT 'minor units; 0: any',
    ADD COLUMN amount_max BIGINT      NOT NULL DEFAULT 0 COMMENT 'minor units; 0: any',
    ADD COLUMN platforms  INT         NOT NULL DEFAULT 0 COMMENT 'a bit for each bmt.payment.v1.CashierPlatform; 0: all';
