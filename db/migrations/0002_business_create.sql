-- Businesses sell through the platform, and their keys say who calls.
CREATE TABLE bmt_business.businesses (
    biz_id         BIGINT          NOT NULL,
    code           VARCHAR(32)     NOT NULL,
    name           VARCHAR(128)    NOT NULL,
    state          TINYINT         NOT NULL COMMENT '1 ACTIVE, 2 SUSPENDED',
    currency       CHAR(3)         NOT NULL COMMENT 'the usual one; orders may be in others',
    contact_email  VARCHAR(254)    NOT NULL,
    order_expires_in_s    INT      NOT NULL COMMENT '0: the platform''s setting',
    order_confirm_after_s INT      NOT NULL COMMENT '0: the platform''s setting',
    version        INT             NOT NULL,
    create_time_ms BIGINT          NOT NULL,
    update_time_ms BIGINT          NOT NULL,
    PRIMARY KEY (biz_id),
    UNIQUE KEY uq_businesses_code (code)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE bmt_business.api_keys (
    key_id         BIGINT          NOT NULL,
    biz_id         BIGINT          NOT NULL COMMENT '0: staff of the platform',
    hash           BINARY(32)      NOT NULL COMMENT 'HMAC-SHA256 with the server''s pepper; the key itself is never stored',
    last_four      CHAR(4)         NOT NULL,
    role           TINYINT         NOT NULL COMMENT 'bmt.common.v1.Role',
    scopes         VARCHAR(255)    NOT NULL,
    label          VARCHAR(64)     NOT NULL,
    fingerprint    BINARY(16)      NOT NULL COMMENT 'of the request that issued it; the key is derived from its request_id',
    state          TINYINT         NOT NULL COMMENT '1 LIVE, 2 REVOKED',
    expire_time_ms BIGINT          NOT NULL COMMENT '0: never',
    revoke_time_ms BIGINT          NOT NULL COMMENT '0: not revoked',
    create_time_ms BIGINT          NOT NULL,
    update_time_ms BIGINT          NOT NULL,
    PRIMARY KEY (key_id),
    UNIQUE KEY uq_api_keys_hash (hash),
    KEY ix_api_keys_business (biz_id, key_id),
    KEY ix_api_keys_changed (update_time_ms)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE bmt_business.requests (
    biz_id         BIGINT          NOT NULL,
    method         VARBINARY(96)   NOT NULL,
    request_id     VARBINARY(64)   NOT NULL,
    fingerprint    BINARY(16)      NOT NULL,
    reply          MEDIUMBLOB      NOT NULL,
    create_time_ms BIGINT          NOT NULL,
    PRIMARY KEY (biz_id, method, request_id)
) ENGINE = InnoDB;
