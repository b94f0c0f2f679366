-- A cashier shows agreements, and some must be accepted before money is taken: which text, by whom and when must be provable for ever.
CREATE TABLE bmt_payment.agreement_templates (
    agreement_template_id BIGINT   NOT NULL,
    biz_id         BIGINT          NOT NULL,
    code           VARCHAR(64)     NOT NULL COMMENT 'which agreement',
    version        INT             NOT NULL COMMENT 'from 1 on, without gaps; a version never changes',
    demand         TINYINT         NOT NULL COMMENT 'bmt.payment.v1.AgreementDemand',
    created_by     VARCHAR(96)     NOT NULL,
    create_time_ms BIGINT          NOT NULL,
    PRIMARY KEY (agreement_template_id),
    UNIQUE KEY uq_agreement_templates_version (biz_id, code, version),
    KEY ix_agreement_templates_business (biz_id, agreement_template_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE bmt_payment.agreement_texts (
    agreement_template_id BIGINT   NOT NULL,
    text_no        INT             NOT NULL COMMENT '0 is the default, shown where a page''s language is not there',
    biz_id         BIGINT          NOT NULL,
    locale         VARCHAR(35)     NOT NULL,
    title          VARCHAR(200)    NOT NULL,
    text           MEDIUMTEXT      NOT NULL,
    text_sha256    BINARY(32)      NOT NULL,
    PRIMARY KEY (agreement_template_id, text_no)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE bmt_payment.agreement_subjects (
    agreement_template_id BIGINT   NOT NULL,
    subject_id     BIGINT          NOT NULL COMMENT 'what it goes with; a template without rows goes with all orders',
    kind           TINYINT         NOT NULL COMMENT '1 SPU, 2 SKU',
    biz_id         BIGINT          NOT NULL,
    PRIMARY KEY (agreement_template_id, subject_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE bmt_payment.agreement_versions (
    biz_id         BIGINT          NOT NULL,
    version        BIGINT          NOT NULL COMMENT 'counts changes of its agreements, which are kept in memory; no row: none yet',
    PRIMARY KEY (biz_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE bmt_payment.agreement_acceptances (
    acceptance_id  BIGINT          NOT NULL,
    biz_id         BIGINT          NOT NULL,
    user_id        VARCHAR(64)     NOT NULL,
    agreement_template_id BIGINT   NOT NULL,
    code           VARCHAR(64)     NOT NULL,
    version        INT             NOT NULL,
    locale         VARCHAR(35)     NOT NULL COMMENT 'of the text that was shown',
    text_sha256    BINARY(32)      NOT NULL COMMENT 'of the text that was shown',
    order_id       BIGINT          NOT NULL COMMENT 'that it was shown for; 0: none',
    actor          VARCHAR(96)     NOT NULL COMMENT 'who told it',
    token_sha256   VARBINARY(32)   NOT NULL COMMENT 'of the client token by which it was told; empty: by an API key',
    create_time_ms BIGINT          NOT NULL,
    PRIMARY KEY (acceptance_id),
    UNIQUE KEY uq_agreement_acceptances_user (biz_id, user_id, agreement_template_id),
    KEY ix_agreement_acceptances_business (biz_id, acceptance_id),
    KEY ix_agreement_acceptances_code (biz_id, code, acceptance_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
