-- What the channels' statement files say, line by line, so that anyone can compare it with the payments, again and again.
CREATE TABLE bmt_payment.statements (
    statement_id   BIGINT          NOT NULL,
    biz_id         BIGINT          NOT NULL,
    channel_account_id BIGINT      NOT NULL,
    day_ms         BIGINT          NOT NULL COMMENT 'the UTC day that it is about: its first millisecond',
    parts          INT             NOT NULL COMMENT 'files that the statement consists of',
    parts_seen     INT             NOT NULL COMMENT 'all of them: what is not in it did not happen at the channel',
    line_count     BIGINT          NOT NULL,
    create_time_ms BIGINT          NOT NULL,
    update_time_ms BIGINT          NOT NULL,
    PRIMARY KEY (statement_id),
    UNIQUE KEY uq_statements_day (channel_account_id, day_ms),
    CHECK (parts_seen <= parts)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE bmt_payment.statement_parts (
    statement_id   BIGINT          NOT NULL,
    part           INT             NOT NULL COMMENT 'from 1 on',
    biz_id         BIGINT          NOT NULL,
    fingerprint    BINARY(16)      NOT NULL COMMENT 'of the file: another one cannot take its place',
    line_count     BIGINT          NOT NULL,
    create_time_ms BIGINT          NOT NULL,
    PRIMARY KEY (statement_id, part)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE bmt_payment.statement_lines (
    line_id        BIGINT          NOT NULL,
    statement_id   BIGINT          NOT NULL,
    part           INT             NOT NULL,
    line_no        INT             NOT NULL COMMENT 'in the file, from 1 on',
    biz_id         BIGINT          NOT NULL,
    channel_account_id BIGINT      NOT NULL,
    kind           TINYINT         NOT NULL COMMENT '1 PAYMENT: money came, 2 REFUND: money went back',
    object_id      BIGINT          NOT NULL COMMENT 'our payment or refund as the channel names it; 0: it names none of ours',
    channel_ref    VARCHAR(64)     NOT NULL COMMENT 'the channel''s id of the payment or refund',
    channel_transaction VARCHAR(64) NOT NULL COMMENT 'the channel''s number of the movement of money',
    currency       CHAR(3)         NOT NULL,
    amount_minor   BIGINT          NOT NULL,
    move_time_ms   BIGINT          NOT NULL COMMENT 'when the money moved, by the channel''s clock',
    PRIMARY KEY (line_id),
    UNIQUE KEY uq_statement_lines_place (statement_id, part, line_no),
    KEY ix_statement_lines_object (object_id, kind)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
