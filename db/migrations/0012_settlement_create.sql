-- Who gets the money of orders: partners, and the rules that divide it.
CREATE TABLE bmt_settlement.partners (
    partner_id     BIGINT          NOT NULL,
    biz_id         BIGINT          NOT NULL,
    code           VARCHAR(32)     NOT NULL,
    title          VARCHAR(64)     NOT NULL,
    state          TINYINT         NOT NULL COMMENT '1 ACTIVE, 2 CLOSED: named by no new rule',
    currency       CHAR(3)         NOT NULL COMMENT 'that it is paid in; shares in others wait for a conversion',
    payout_channel_account_id BIGINT NOT NULL COMMENT 'pays it out; 0: none yet',
    payout_account VARCHAR(64)     NOT NULL COMMENT 'name of the secret that holds its bank account; empty: none yet',
    payout_account_time_ms BIGINT  NOT NULL COMMENT 'when that was last changed',
    schedule       TINYINT         NOT NULL COMMENT '1 DAILY, 2 WEEKLY, 3 MONTHLY, 4 THRESHOLD',
    time_zone      VARCHAR(64)     NOT NULL COMMENT 'of the IANA database',
    cutoff_minutes SMALLINT        NOT NULL COMMENT 'of the day, when periods end',
    threshold_minor BIGINT         NOT NULL COMMENT 'least payout; less is carried forward',
    hold_back_s    INT             NOT NULL COMMENT 'from clearing until a share can be in a statement',
    due_time_ms    BIGINT          NOT NULL COMMENT 'end of the period under way, CLOSED or not: what is owed is still paid',
    version        INT             NOT NULL,
    create_time_ms BIGINT          NOT NULL,
    update_time_ms BIGINT          NOT NULL,
    PRIMARY KEY (partner_id),
    UNIQUE KEY uq_partners_code (biz_id, code),
    KEY ix_partners_business (biz_id, partner_id),
    KEY ix_partners_due (due_time_ms)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE bmt_settlement.split_rules (
    rule_id        BIGINT          NOT NULL,
    biz_id         BIGINT          NOT NULL,
    scope          TINYINT         NOT NULL COMMENT '1 BUSINESS, 2 SPU, 3 SKU; the narrowest that fits is taken',
    scope_id       BIGINT          NOT NULL COMMENT 'the business, SPU or SKU',
    seq            INT             NOT NULL COMMENT 'counts the rules of the scope: two created at once cannot both overlook each other',
    currency       CHAR(3)         NOT NULL COMMENT 'of fixed parts; empty: there are none',
    remainder_partner_id BIGINT    NOT NULL COMMENT 'takes what the parts leave; 0: the platform',
    from_time_ms   BIGINT          NOT NULL,
    to_time_ms     BIGINT          NOT NULL COMMENT 'exclusive; 0: open. All else never changes',
    version        INT             NOT NULL,
    create_time_ms BIGINT          NOT NULL,
    update_time_ms BIGINT          NOT NULL,
    PRIMARY KEY (rule_id),
    UNIQUE KEY uq_split_rules_scope (biz_id, scope, scope_id, seq),
    KEY ix_split_rules_business (biz_id, rule_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE bmt_settlement.split_parts (
    rule_id        BIGINT          NOT NULL,
    part_no        SMALLINT        NOT NULL COMMENT 'from 1 on',
    biz_id         BIGINT          NOT NULL,
    level          SMALLINT        NOT NULL COMMENT 'a level divides what the levels before it left',
    partner_id     BIGINT          NOT NULL COMMENT '0: the platform',
    kind           TINYINT         NOT NULL COMMENT '1 BASIS_POINTS of the level, 2 FIXED amount a unit',
    value          BIGINT          NOT NULL,
    PRIMARY KEY (rule_id, part_no),
    CHECK (value > 0)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE bmt_settlement.requests (
    biz_id         BIGINT          NOT NULL,
    method         VARBINARY(96)   NOT NULL,
    request_id     VARBINARY(64)   NOT NULL,
    fingerprint    BINARY(16)      NOT NULL,
    reply          MEDIUMBLOB      NOT NULL,
    create_time_ms BIGINT          NOT NULL,
    PRIMARY KEY (biz_id, method, request_id)
) ENGINE = InnoDB;
