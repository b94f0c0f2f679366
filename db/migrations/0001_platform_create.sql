-- What keeps the replicas apart and together: numbers for ids, leases of jobs, the sandbox's clock.
CREATE TABLE bmt_platform.replicas (
    replica        TINYINT         NOT NULL COMMENT '0 to 63: the replica bits of ids',
    owner          BIGINT          NOT NULL COMMENT 'a random number of the process',
    lease_until_ms BIGINT          NOT NULL COMMENT 'in the database''s time',
    PRIMARY KEY (replica)
) ENGINE = InnoDB;

CREATE TABLE bmt_platform.jobs (
    name           VARCHAR(64)     NOT NULL,
    owner          BIGINT          NOT NULL COMMENT 'the process that runs it; 0: none',
    lease_until_ms BIGINT          NOT NULL COMMENT 'in the database''s time',
    PRIMARY KEY (name)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE bmt_platform.clock (
    clock_id       TINYINT         NOT NULL COMMENT 'always 1',
    offset_ms      BIGINT          NOT NULL COMMENT 'how far the rules'' time is ahead of the machines''; only grows',
    PRIMARY KEY (clock_id)
) ENGINE = InnoDB;

INSERT INTO bmt_platform.clock (clock_id, offset_ms) VALUES (1, 0);

CREATE TABLE bmt_platform.requests (
    biz_id         BIGINT          NOT NULL,
    method         VARBINARY(96)   NOT NULL,
    request_id     VARBINARY(64)   NOT NULL,
    fingerprint    BINARY(16)      NOT NULL,
    reply          MEDIUMBLOB      NOT NULL,
    create_time_ms BIGINT          NOT NULL,
    PRIMARY KEY (biz_id, method, request_id)
) ENGINE = InnoDB;
