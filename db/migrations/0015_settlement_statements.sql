-- What partners are paid: statements over their entries, who approved them, and the payouts that pay them.
-- An entry is in at most one statement: clearing_entries.statement_id is set once, from 0.
CREATE TABLE bmt_settlement.partner_statements (
    statement_id   BIGINT          NOT NULL,
    biz_id         BIGINT          NOT NULL,
    partner_id     BIGINT          NOT NULL,
    currency       CHAR(3)         NOT NULL,
    seq            INT             NOT NULL COMMENT 'counts the partner''s statements in the currency: two opened at once cannot both overlook each other',
    from_time_ms   BIGINT          NOT NULL,
    to_time_ms     BIGINT          NOT NULL COMMENT 'exclusive',
    state          TINYINT         NOT NULL COMMENT '1 OPEN, 2 CLOSED, 3 PAYING, 4 PAID, 5 FAILED',
    version        INT             NOT NULL,
    entry_count    BIGINT          NOT NULL COMMENT 'gathered so far',
    entries_minor  BIGINT          NOT NULL COMMENT 'their sum',
    last_entry_id  BIGINT          NOT NULL COMMENT 'gathering goes on after it',
    carried_minor  BIGINT          NOT NULL COMMENT 'what the statement before it did not pay',
    total_minor    BIGINT          NOT NULL,
    carried_from_id BIGINT         NOT NULL COMMENT 'the statement that carried_minor is of; 0: none',
    carried_to_id  BIGINT          NOT NULL COMMENT 'the statement that has taken the total over; 0: none',
    root           VARBINARY(32)   NOT NULL COMMENT 'Merkle root over the entries; empty while OPEN',
    approvals_needed TINYINT       NOT NULL COMMENT '0: there is nothing to pay',
    payout_id      BIGINT          NOT NULL COMMENT 'the last one; 0: none',
    due_time_ms    BIGINT          NOT NULL COMMENT 'since when entries are to be gathered; 0: done',
    create_time_ms BIGINT          NOT NULL,
    close_time_ms  BIGINT          NOT NULL,
    update_time_ms BIGINT          NOT NULL,
    PRIMARY KEY (statement_id),
    UNIQUE KEY uq_partner_statements_seq (partner_id, currency, seq),
    KEY ix_partner_statements_business (biz_id, statement_id),
    KEY ix_partner_statements_partner (biz_id, partner_id, statement_id),
    KEY ix_partner_statements_due (due_time_ms),
    CHECK (to_time_ms > from_time_ms)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE bmt_settlement.partner_statement_events (
    statement_id   BIGINT          NOT NULL,
    version        INT             NOT NULL,
    biz_id         BIGINT          NOT NULL,
    event          TINYINT         NOT NULL,
    from_state     TINYINT         NOT NULL,
    to_state       TINYINT         NOT NULL,
    actor          VARCHAR(64)     NOT NULL,
    detail         VARCHAR(255)    NOT NULL,
    create_time_ms BIGINT          NOT NULL,
    PRIMARY KEY (statement_id, version)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- Every chunk but the last holds the same power of two of entries, so its hash is a node of the statement's tree: an
-- entry is proven from its chunk and these rows, however many entries there are.
CREATE TABLE bmt_settlement.partner_statement_chunks (
    statement_id   BIGINT          NOT NULL,
    chunk_no       INT             NOT NULL COMMENT 'from 0 on',
    biz_id         BIGINT          NOT NULL,
    first_entry_id BIGINT          NOT NULL,
    last_entry_id  BIGINT          NOT NULL,
    entry_count    INT             NOT NULL,
    hash           BINARY(32)      NOT NULL COMMENT 'Merkle root over the chunk''s entries',
    PRIMARY KEY (statement_id, chunk_no)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE bmt_settlement.statement_approvals (
    statement_id   BIGINT          NOT NULL,
    actor          VARCHAR(64)     NOT NULL COMMENT 'a person approves once',
    biz_id         BIGINT          NOT NULL,
    reason         VARCHAR(255)    NOT NULL,
    create_time_ms BIGINT          NOT NULL,
    PRIMARY KEY (statement_id, actor)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE bmt_settlement.payouts (
    payout_id      BIGINT          NOT NULL,
    biz_id         BIGINT          NOT NULL,
    partner_id     BIGINT          NOT NULL,
    statement_id   BIGINT          NOT NULL,
    channel_account_id BIGINT      NOT NULL,
    payout_account VARCHAR(64)     NOT NULL COMMENT 'name of the secret that holds the bank account',
    state          TINYINT         NOT NULL COMMENT '1 CREATED, 2 PENDING, 3 SUCCEEDED, 4 FAILED, 5 UNKNOWN, 6 RETURNED',
    version        INT             NOT NULL,
    currency       CHAR(3)         NOT NULL,
    amount_minor   BIGINT          NOT NULL,
    channel_ref    VARCHAR(64)     NULL,
    channel_transaction VARCHAR(64) NULL,
    failure        VARCHAR(255)    NOT NULL,
    request_id     VARBINARY(64)   NOT NULL COMMENT 'of PayStatement',
    fingerprint    BINARY(16)      NOT NULL,
    due_time_ms    BIGINT          NOT NULL COMMENT 'when the channel is asked again; 0: never',
    attempts       INT             NOT NULL,
    create_time_ms BIGINT          NOT NULL,
    update_time_ms BIGINT          NOT NULL,
    succeed_time_ms BIGINT         NOT NULL,
    PRIMARY KEY (payout_id),
    UNIQUE KEY uq_payouts_request (biz_id, request_id),
    KEY ix_payouts_business (biz_id, payout_id),
    KEY ix_payouts_partner (biz_id, partner_id, payout_id),
    KEY ix_payouts_due (due_time_ms),
    CHECK (amount_minor > 0)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE bmt_settlement.payout_events (
    payout_id      BIGINT          NOT NULL,
    version        INT             NOT NULL,
    biz_id         BIGINT          NOT NULL,
    event          TINYINT         NOT NULL,
    from_state     TINYINT         NOT NULL,
    to_state       TINYINT         NOT NULL,
    actor          VARCHAR(64)     NOT NULL,
    detail         VARCHAR(255)    NOT NULL,
    create_time_ms BIGINT          NOT NULL,
    PRIMARY KEY (payout_id, version)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
