/* Statements on API keys; see store.h. */
#include "business/store.h"

static const struct sql_column columns[] = {
    SQL_COLUMN(struct api_key_row, key_id, SQL_I64),         SQL_COLUMN(struct api_key_row, biz_id, SQL_I64),
    SQL_COLUMN(struct api_key_row, hash, SQL_FIXED),         SQL_COLUMN(struct api_key_row, last_four, SQL_CHARS),
    SQL_COLUMN(struct api_key_row, role, SQL_I32),           SQL_COLUMN(struct api_key_row, scopes, SQL_TEXT),
    SQL_COLUMN(struct api_key_row, label, SQL_TEXT),         SQL_COLUMN(struct api_key_row, fingerprint, SQL_FIXED),
    SQL_COLUMN(struct api_key_row, state, SQL_I32),          SQL_COLUMN(struct api_key_row, expire_time_ms, SQL_I64),
    SQL_COLUMN(struct api_key_row, revoke_time_ms, SQL_I64), SQL_COLUMN(struct api_key_row, create_time_ms, SQL_I64),
    SQL_COLUMN(struct api_key_row, update_time_ms, SQL_I64),
};
#define COLUMNS                                                                                                  \
    "key_id, biz_id, hash, last_four, role, scopes, label, fingerprint, state, expire_time_ms, revoke_time_ms, " \
    "create_time_ms, update_time_ms"

static const struct sql_column update_columns[] = {
    SQL_COLUMN(struct api_key_row, state, SQL_I32),          SQL_COLUMN(struct api_key_row, expire_time_ms, SQL_I64),
    SQL_COLUMN(struct api_key_row, revoke_time_ms, SQL_I64), SQL_COLUMN(struct api_key_row, update_time_ms, SQL_I64),
    SQL_COLUMN(struct api_key_row, key_id, SQL_I64),         SQL_COLUMN(struct api_key_row, biz_id, SQL_I64),
};
static const struct sql_column hash_columns[] = {
    {.name = "hash", .type = SQL_FIXED, .offset = 0, .size = API_KEY_HASH_SIZE},
};

struct key_params {
    int64_t biz_id;
    int64_t after_id;
    int64_t time_ms;
    int32_t limit;
};
static const struct sql_column live_columns[] = {
    SQL_COLUMN(struct key_params, biz_id, SQL_I64),
    SQL_COLUMN(struct key_params, time_ms, SQL_I64),
};
static const struct sql_column list_columns[] = {
    SQL_COLUMN(struct key_params, biz_id, SQL_I64),
    SQL_COLUMN(struct key_params, after_id, SQL_I64),
    SQL_COLUMN(struct key_params, limit, SQL_I32),
};
static const struct sql_column since_columns[] = {
    SQL_COLUMN(struct key_params, time_ms, SQL_I64),
    SQL_COLUMN(struct key_params, time_ms, SQL_I64),
};

static const struct sql_stmt KEY_INSERT = {
    .name = "api_key_insert",
    .module = MODULE_BUSINESS,
    .text = "INSERT INTO bmt_business.api_keys (" COLUMNS ")\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(columns),
};
static const struct sql_stmt KEY_UPDATE = {
    .name = "api_key_update",
    .module = MODULE_BUSINESS,
    .text = "UPDATE bmt_business.api_keys\n"
            "SET state = ?, expire_time_ms = ?, revoke_time_ms = ?, update_time_ms = ?\n"
            "WHERE key_id = ? AND biz_id = ? AND state = 1", /* LIVE */
    .params = SQL_COLUMNS(update_columns),
};
static const struct sql_stmt KEY_FIND = {
    .name = "api_key_find",
    .module = MODULE_BUSINESS,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_business.api_keys FORCE INDEX (PRIMARY)\n"
            "WHERE (key_id, biz_id) IN ({keys})",
    .keys = {.list = columns, .n = 2},
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct api_key_row),
};
static const struct sql_stmt KEY_FIND_HASHES = {
    .name = "api_key_find_hashes",
    .module = MODULE_BUSINESS,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_business.api_keys\n"
            "WHERE hash IN ({keys})", /* uq_api_keys_hash */
    .keys = SQL_COLUMNS(hash_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct api_key_row),
};
static const struct sql_stmt KEY_LOCK_LIVE = {
    .name = "api_key_lock_live",
    .module = MODULE_BUSINESS,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_business.api_keys\n"
            "WHERE biz_id = ? AND state = 1 AND (expire_time_ms = 0 OR expire_time_ms > ?)\n" /* LIVE */
            "ORDER BY key_id\n"                                                               /* ix_api_keys_business */
            "LIMIT 1000\n"
            "FOR UPDATE",
    .params = SQL_COLUMNS(live_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct api_key_row),
};
static const struct sql_stmt KEY_LIST = {
    .name = "api_key_list",
    .module = MODULE_BUSINESS,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_business.api_keys\n"
            "WHERE biz_id = ? AND key_id > ?\n"
            "ORDER BY key_id\n" /* ix_api_keys_business */
            "LIMIT ?",
    .params = SQL_COLUMNS(list_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct api_key_row),
};
static const struct sql_stmt KEY_CHANGED = {
    .name = "api_key_changed",
    .module = MODULE_BUSINESS,
    .text = "SELECT k.key_id, k.biz_id, k.hash, k.last_four, k.role, k.scopes, k.label, k.fingerprint, k.state,\n"
            "       k.expire_time_ms, k.revoke_time_ms, k.create_time_ms, k.update_time_ms\n"
            "FROM bmt_business.api_keys k\n"
            "WHERE k.update_time_ms >= ?\n" /* ix_api_keys_changed */
            "   OR k.biz_id IN (SELECT b.biz_id FROM bmt_business.businesses b WHERE b.update_time_ms >= ?)\n"
            "ORDER BY k.update_time_ms\n"
            "LIMIT 10000",
    .params = SQL_COLUMNS(since_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct api_key_row),
};

int business_store_insert_keys(struct tx *tx, const struct api_key_row *rows, size_t n, struct err *err)
{
    return sql_write(tx, &KEY_INSERT, rows, n, sizeof *rows, NULL, err);
}

int business_store_update_keys(struct tx *tx, const struct api_key_row *rows, size_t n, struct err *err)
{
    return sql_write_each(tx, &KEY_UPDATE, rows, n, sizeof *rows, err);
}

int business_store_find_keys(struct tx *tx, const struct api_key_key *keys, size_t n, struct arena *arena,
                             struct api_key_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &KEY_FIND, NULL, keys, n, sizeof *keys, arena, ret_rows, ret_n, err);
}

int business_store_find_hashes(struct tx *tx, const uint8_t (*hashes)[API_KEY_HASH_SIZE], size_t n, struct arena *arena,
                               struct api_key_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &KEY_FIND_HASHES, NULL, hashes, n, sizeof *hashes, arena, ret_rows, ret_n, err);
}

int business_store_lock_live_keys(struct tx *tx, int64_t biz_id, int64_t now_ms, struct arena *arena,
                                  struct api_key_row **ret_rows, size_t *ret_n, struct err *err)
{
    const struct key_params params = {.biz_id = biz_id, .time_ms = now_ms};

    return sql_select(tx, &KEY_LOCK_LIVE, &params, arena, ret_rows, ret_n, err);
}

int business_store_list_keys(struct tx *tx, int64_t biz_id, const struct page *page, struct arena *arena,
                             struct api_key_row **ret_rows, size_t *ret_n, struct err *err)
{
    const struct key_params params = {.biz_id = biz_id, .after_id = page->after_id, .limit = page->size + 1};

    return sql_select(tx, &KEY_LIST, &params, arena, ret_rows, ret_n, err);
}

int business_store_changed_keys(struct tx *tx, int64_t since_ms, struct arena *arena, struct api_key_row **ret_rows,
                                size_t *ret_n, struct err *err)
{
    const struct key_params params = {.time_ms = since_ms};

    return sql_select(tx, &KEY_CHANGED, &params, arena, ret_rows, ret_n, err);
}
