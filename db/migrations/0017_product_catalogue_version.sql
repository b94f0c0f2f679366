-- Offers are kept in memory; this row, read in the transaction of the sale, proves that nothing about them has changed.
CREATE TABLE bmt_product.catalogue_versions (
    biz_id  BIGINT NOT NULL,
    version BIGINT NOT NULL COMMENT 'counts changes of what a sale asks of a SKU; no row: none yet',
    PRIMARY KEY (biz_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
