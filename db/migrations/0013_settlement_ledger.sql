-- The double-entry ledger, and clearing: how the money of paid lines is divided.
-- A paid order's line, its split frozen at sale. PENDING until the order has ended, then divided.
CREATE TABLE bmt_settlement.clearings (
    order_id       BIGINT          NOT NULL,
    line_no        SMALLINT        NOT NULL,
    biz_id         BIGINT          NOT NULL,
    payment_id     BIGINT          NOT NULL,
    channel_account_id BIGINT      NOT NULL,
    sku_id         BIGINT          NOT NULL,
    rule_id        BIGINT          NOT NULL COMMENT '0: none held at sale, all of it is the platform''s',
    quantity       BIGINT          NOT NULL,
    state          TINYINT         NOT NULL COMMENT '1 PENDING, 2 CLEARED',
    currency       CHAR(3)         NOT NULL,
    amount_minor   BIGINT          NOT NULL COMMENT 'paid',
    fee_minor      BIGINT          NOT NULL COMMENT 'of it: the channel''s fee',
    refunded_minor BIGINT          NOT NULL COMMENT 'went back, before clearing and after',
    platform_minor BIGINT          NOT NULL COMMENT 'the platform''s share, less what it gave back',
    fee_left_minor BIGINT          NOT NULL COMMENT 'of the fee: not yet borne by the platform for refunds',
    due_time_ms    BIGINT          NOT NULL COMMENT 'since when it can be cleared; 0: not yet, or done',
    sale_time_ms   BIGINT          NOT NULL,
    clear_time_ms  BIGINT          NOT NULL,
    PRIMARY KEY (order_id, line_no),
    KEY ix_clearings_due (due_time_ms),
    CHECK (refunded_minor >= 0 AND refunded_minor <= amount_minor)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- A partner's share of a line, or what changes it later. CLEARED until a statement has closed with it.
CREATE TABLE bmt_settlement.clearing_entries (
    entry_id       BIGINT          NOT NULL,
    biz_id         BIGINT          NOT NULL,
    partner_id     BIGINT          NOT NULL,
    order_id       BIGINT          NOT NULL COMMENT '0: an adjustment that is of no order',
    line_no        SMALLINT        NOT NULL,
    kind           TINYINT         NOT NULL COMMENT '1 SALE, 2 REVERSAL, 3 ADJUSTMENT',
    state          TINYINT         NOT NULL COMMENT '2 CLEARED, 3 SETTLED',
    currency       CHAR(3)         NOT NULL,
    amount_minor   BIGINT          NOT NULL COMMENT 'negative: the partner gives back',
    source_id      BIGINT          NOT NULL COMMENT 'the refund, dispute or adjustment; 0: the sale itself',
    reverses_entry_id BIGINT       NOT NULL COMMENT 'the sale''s entry; 0: none',
    claw_back_payout_id BIGINT     NOT NULL COMMENT 'the payout that had paid what is taken back; 0: none',
    statement_id   BIGINT          NOT NULL COMMENT '0: in none yet',
    payable_time_ms BIGINT         NOT NULL COMMENT 'clearing and hold-back; from then on a statement takes it',
    create_time_ms BIGINT          NOT NULL,
    PRIMARY KEY (entry_id),
    UNIQUE KEY uq_clearing_entries_source (order_id, line_no, partner_id, kind, source_id),
    KEY ix_clearing_entries_statement (partner_id, currency, statement_id, entry_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- Who bears a refund, where it was said; otherwise all in their original proportions.
CREATE TABLE bmt_settlement.refund_bearers (
    refund_id      BIGINT          NOT NULL,
    partner_id     BIGINT          NOT NULL,
    biz_id         BIGINT          NOT NULL,
    amount_minor   BIGINT          NOT NULL,
    PRIMARY KEY (refund_id, partner_id),
    CHECK (amount_minor > 0)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- The ledger. A transfer is two or more postings that add up to 0 in each currency; neither is ever changed.
CREATE TABLE bmt_settlement.transfers (
    transfer_id    BIGINT          NOT NULL,
    biz_id         BIGINT          NOT NULL,
    kind           TINYINT         NOT NULL COMMENT 'bmt.settlement.v1.TransferKind',
    source_id      BIGINT          NOT NULL COMMENT 'what moved the money: a payment, a refund, an order, ...',
    source_no      INT             NOT NULL COMMENT 'which of its movements',
    chain          SMALLINT        NOT NULL,
    chain_seq      BIGINT          NOT NULL,
    hash           BINARY(32)      NOT NULL COMMENT 'of the transfer before it in the chain, of this one and its postings',
    note           VARCHAR(255)    NOT NULL,
    create_time_ms BIGINT          NOT NULL,
    PRIMARY KEY (transfer_id),
    UNIQUE KEY uq_transfers_source (kind, source_id, source_no),
    UNIQUE KEY uq_transfers_chain (chain, chain_seq)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE bmt_settlement.postings (
    transfer_id    BIGINT          NOT NULL,
    posting_no     SMALLINT        NOT NULL COMMENT 'from 1 on',
    biz_id         BIGINT          NOT NULL,
    account        TINYINT         NOT NULL COMMENT 'bmt.settlement.v1.AccountKind',
    subject_id     BIGINT          NOT NULL COMMENT 'the channel account or partner; 0: the business has one of the kind',
    currency       CHAR(3)         NOT NULL,
    amount_minor   BIGINT          NOT NULL COMMENT 'debit positive, credit negative',
    create_time_ms BIGINT          NOT NULL,
    PRIMARY KEY (transfer_id, posting_no),
    KEY ix_postings_account (biz_id, account, subject_id, currency, create_time_ms),
    CHECK (amount_minor <> 0)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- What was posted to an account on a day, a row for each chain: who holds the chain's row meets nobody here.
CREATE TABLE bmt_settlement.account_days (
    biz_id         BIGINT          NOT NULL,
    account        TINYINT         NOT NULL,
    subject_id     BIGINT          NOT NULL,
    currency       CHAR(3)         NOT NULL,
    day            INT             NOT NULL COMMENT 'days of UTC since 1970',
    chain          SMALLINT        NOT NULL,
    debit_minor    BIGINT          NOT NULL,
    credit_minor   BIGINT          NOT NULL,
    posting_count  BIGINT          NOT NULL,
    PRIMARY KEY (biz_id, account, subject_id, currency, day, chain)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE bmt_settlement.chains (
    chain          SMALLINT        NOT NULL,
    seq            BIGINT          NOT NULL COMMENT 'of its last transfer',
    hash           BINARY(32)      NOT NULL COMMENT 'of its last transfer',
    PRIMARY KEY (chain)
) ENGINE = InnoDB;

