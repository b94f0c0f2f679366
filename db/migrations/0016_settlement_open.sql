-- The trial balance asks what open lines explain; without a key it would read every line that was ever sold.
ALTER TABLE bmt_settlement.clearings
    ADD KEY ix_clearings_open (biz_id, state, sale_time_ms);

-- What staff moved by hand, and who did it; its reason stands on its transfer.
CREATE TABLE bmt_settlement.adjustments (
    adjustment_id  BIGINT          NOT NULL,
    biz_id         BIGINT          NOT NULL,
    kind           TINYINT         NOT NULL COMMENT 'bmt.settlement.v1.AdjustmentKind',
    partner_id     BIGINT          NOT NULL COMMENT '0: of none',
    channel_account_id BIGINT      NOT NULL COMMENT '0: of none',
    currency       CHAR(3)         NOT NULL,
    amount_minor   BIGINT          NOT NULL,
    to_currency    CHAR(3)         NOT NULL COMMENT 'of a conversion; empty: it is none',
    to_amount_minor BIGINT         NOT NULL,
    rate           VARCHAR(24)     NOT NULL COMMENT 'how much of the second currency for one of the first',
    actor          VARCHAR(96)     NOT NULL COMMENT 'who moved it',
    create_time_ms BIGINT          NOT NULL,
    PRIMARY KEY (adjustment_id),
    CHECK (amount_minor > 0)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
