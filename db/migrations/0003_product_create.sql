-- What is sold (SPU and SKU), at which price, how many are left, and what a buyer holds afterwards.
CREATE TABLE bmt_product.spus (
    spu_id         BIGINT          NOT NULL,
    biz_id         BIGINT          NOT NULL,
    code           VARCHAR(64)     NOT NULL,
    title          VARCHAR(200)    NOT NULL,
    description    VARCHAR(2000)   NOT NULL,
    state          TINYINT         NOT NULL COMMENT '1 DRAFT, 2 PUBLISHED, 3 UNPUBLISHED',
    version        INT             NOT NULL,
    create_time_ms BIGINT          NOT NULL,
    update_time_ms BIGINT          NOT NULL,
    PRIMARY KEY (spu_id),
    UNIQUE KEY uq_spus_code (biz_id, code),
    KEY ix_spus_business (biz_id, spu_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE bmt_product.skus (
    sku_id         BIGINT          NOT NULL,
    biz_id         BIGINT          NOT NULL,
    spu_id         BIGINT          NOT NULL,
    code           VARCHAR(64)     NOT NULL,
    title          VARCHAR(200)    NOT NULL,
    state          TINYINT         NOT NULL COMMENT '1 DRAFT, 2 PUBLISHED, 3 UNPUBLISHED',
    grant_kind     TINYINT         NOT NULL COMMENT '1 DURATION, 2 COUNT, 3 PERMANENT: what one unit grants',
    grant_amount   BIGINT          NOT NULL COMMENT 'seconds or pieces a unit; 0 for PERMANENT',
    version        INT             NOT NULL,
    create_time_ms BIGINT          NOT NULL,
    update_time_ms BIGINT          NOT NULL,
    PRIMARY KEY (sku_id),
    UNIQUE KEY uq_skus_code (biz_id, code),
    KEY ix_skus_business (biz_id, sku_id),
    KEY ix_skus_spu (biz_id, spu_id, sku_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE bmt_product.price_versions (
    sku_id            BIGINT       NOT NULL,
    currency          CHAR(3)      NOT NULL,
    effective_time_ms BIGINT       NOT NULL COMMENT 'good until the next version of the same currency',
    price_id          BIGINT       NOT NULL,
    biz_id            BIGINT       NOT NULL,
    amount_minor      BIGINT       NOT NULL,
    create_time_ms    BIGINT       NOT NULL,
    PRIMARY KEY (sku_id, currency, effective_time_ms),
    UNIQUE KEY uq_price_versions_id (price_id),
    CHECK (amount_minor >= 0)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE bmt_product.stocks (
    sku_id         BIGINT          NOT NULL,
    biz_id         BIGINT          NOT NULL,
    total          BIGINT          NOT NULL COMMENT 'available + held + sold, always',
    available      BIGINT          NOT NULL,
    held           BIGINT          NOT NULL,
    sold           BIGINT          NOT NULL,
    version        INT             NOT NULL,
    update_time_ms BIGINT          NOT NULL,
    PRIMARY KEY (sku_id),
    CHECK (available >= 0),
    CHECK (held >= 0),
    CHECK (sold >= 0),
    CHECK (total = available + held + sold)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin COMMENT 'a SKU without a row has unlimited stock';

CREATE TABLE bmt_product.stock_holds (
    order_id       BIGINT          NOT NULL,
    sku_id         BIGINT          NOT NULL,
    biz_id         BIGINT          NOT NULL,
    quantity       BIGINT          NOT NULL,
    state          TINYINT         NOT NULL COMMENT '1 HELD, 2 SOLD, 3 RELEASED',
    create_time_ms BIGINT          NOT NULL,
    update_time_ms BIGINT          NOT NULL,
    PRIMARY KEY (order_id, sku_id),
    CHECK (quantity > 0)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin COMMENT 'counted stock of an order; the proof behind stocks.held and stocks.sold';

CREATE TABLE bmt_product.quotes (
    quote_id       BIGINT          NOT NULL,
    biz_id         BIGINT          NOT NULL,
    user_id        VARCHAR(64)     NOT NULL,
    currency       CHAR(3)         NOT NULL,
    amount_minor   BIGINT          NOT NULL,
    order_id       BIGINT          NOT NULL COMMENT '0: not used yet',
    expire_time_ms BIGINT          NOT NULL,
    create_time_ms BIGINT          NOT NULL,
    PRIMARY KEY (quote_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE bmt_product.quote_lines (
    quote_id       BIGINT          NOT NULL,
    line_no        SMALLINT        NOT NULL,
    biz_id         BIGINT          NOT NULL,
    sku_id         BIGINT          NOT NULL,
    spu_id         BIGINT          NOT NULL,
    price_id       BIGINT          NOT NULL,
    title          VARCHAR(200)    NOT NULL,
    quantity       BIGINT          NOT NULL,
    unit_minor     BIGINT          NOT NULL,
    amount_minor   BIGINT          NOT NULL,
    PRIMARY KEY (quote_id, line_no)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE bmt_product.entitlement_lots (
    lot_id         BIGINT          NOT NULL,
    biz_id         BIGINT          NOT NULL,
    user_id        VARCHAR(64)     NOT NULL,
    spu_id         BIGINT          NOT NULL,
    sku_id         BIGINT          NOT NULL,
    order_id       BIGINT          NOT NULL,
    line_no        SMALLINT        NOT NULL,
    grant_kind     TINYINT         NOT NULL COMMENT '1 DURATION, 2 COUNT, 3 PERMANENT',
    quantity       BIGINT          NOT NULL COMMENT 'units of the order line',
    granted        BIGINT          NOT NULL COMMENT 'pieces of a COUNT lot, else 0',
    remaining      BIGINT          NOT NULL COMMENT 'pieces left of a COUNT lot, else 0',
    start_time_ms  BIGINT          NOT NULL,
    end_time_ms    BIGINT          NOT NULL COMMENT '0: no end',
    state          TINYINT         NOT NULL COMMENT '1 ACTIVE, 2 RECALLED',
    seq            INT             NOT NULL COMMENT 'counts the user''s lots of the SPU: two grants at once cannot both follow the same lot',
    create_time_ms BIGINT          NOT NULL,
    update_time_ms BIGINT          NOT NULL,
    PRIMARY KEY (lot_id),
    UNIQUE KEY uq_entitlement_lots_line (order_id, line_no),
    UNIQUE KEY uq_entitlement_lots_user (biz_id, user_id, spu_id, seq)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE bmt_product.requests (
    biz_id         BIGINT          NOT NULL,
    method         VARBINARY(96)   NOT NULL,
    request_id     VARBINARY(64)   NOT NULL,
    fingerprint    BINARY(16)      NOT NULL,
    reply          MEDIUMBLOB      NOT NULL,
    create_time_ms BIGINT          NOT NULL,
    PRIMARY KEY (biz_id, method, request_id)
) ENGINE = InnoDB;
