-- Payers have money taken back by their banks: it is held until the dispute ends, and those who had it bear it when it is lost.
ALTER TABLE bmt_settlement.clearings
    MODIFY COLUMN refunded_minor BIGINT NOT NULL COMMENT 'went back by refunds and lost disputes, before clearing and after',
    ADD COLUMN disputed_minor BIGINT NOT NULL DEFAULT 0 COMMENT 'of the amount: taken back by disputes that are open',
    ADD CONSTRAINT ck_clearings_disputed CHECK (disputed_minor >= 0 AND refunded_minor + disputed_minor <= amount_minor);

ALTER TABLE bmt_settlement.clearing_entries
    MODIFY COLUMN kind TINYINT NOT NULL COMMENT '1 SALE, 2 REVERSAL, 3 ADJUSTMENT, 4 DISPUTE';

-- A channel's dispute over several lines is a row for each of them, under the same number.
CREATE TABLE bmt_settlement.disputes (
    dispute_id     BIGINT          NOT NULL,
    biz_id         BIGINT          NOT NULL,
    order_id       BIGINT          NOT NULL,
    line_no        SMALLINT        NOT NULL,
    channel_account_id BIGINT      NOT NULL COMMENT 'that had taken the money',
    state          TINYINT         NOT NULL COMMENT '1 OPEN, 2 WON, 3 LOST',
    version        INT             NOT NULL,
    currency       CHAR(3)         NOT NULL,
    amount_minor   BIGINT          NOT NULL,
    channel_dispute VARCHAR(64)    NOT NULL COMMENT 'the channel''s number of it',
    reason         VARCHAR(255)    NOT NULL COMMENT 'as the channel told it; why it ended stands in its history',
    create_time_ms BIGINT          NOT NULL,
    update_time_ms BIGINT          NOT NULL,
    PRIMARY KEY (dispute_id),
    UNIQUE KEY uq_disputes_channel (biz_id, channel_account_id, channel_dispute, order_id, line_no),
    KEY ix_disputes_business (biz_id, dispute_id),
    KEY ix_disputes_state (biz_id, state, dispute_id),
    KEY ix_disputes_order (order_id, dispute_id),
    CHECK (amount_minor > 0)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE bmt_settlement.dispute_events (
    dispute_id     BIGINT          NOT NULL,
    version        INT             NOT NULL,
    biz_id         BIGINT          NOT NULL,
    event          TINYINT         NOT NULL,
    from_state     TINYINT         NOT NULL,
    to_state       TINYINT         NOT NULL,
    actor          VARCHAR(96)     NOT NULL,
    detail         VARCHAR(255)    NOT NULL,
    create_time_ms BIGINT          NOT NULL,
    PRIMARY KEY (dispute_id, version)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
