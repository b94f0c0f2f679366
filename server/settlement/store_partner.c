/* Statements on partners and split rules; see store_partner.h. */
#include "settlement/store_partner.h"

static const struct sql_column partner_columns[] = {
    SQL_COLUMN(struct partner_row, partner_id, SQL_I64),
    SQL_COLUMN(struct partner_row, biz_id, SQL_I64),
    SQL_COLUMN(struct partner_row, code, SQL_TEXT),
    SQL_COLUMN(struct partner_row, title, SQL_TEXT),
    SQL_COLUMN(struct partner_row, state, SQL_I32),
    SQL_COLUMN(struct partner_row, currency, SQL_CHARS),
    SQL_COLUMN(struct partner_row, payout_channel_account_id, SQL_I64),
    SQL_COLUMN(struct partner_row, payout_account, SQL_TEXT),
    SQL_COLUMN(struct partner_row, payout_account_time_ms, SQL_I64),
    SQL_COLUMN(struct partner_row, schedule, SQL_I32),
    SQL_COLUMN(struct partner_row, time_zone, SQL_TEXT),
    SQL_COLUMN(struct partner_row, cutoff_minutes, SQL_I32),
    SQL_COLUMN(struct partner_row, threshold_minor, SQL_I64),
    SQL_COLUMN(struct partner_row, hold_back_s, SQL_I32),
    SQL_COLUMN(struct partner_row, due_time_ms, SQL_I64),
    SQL_COLUMN(struct partner_row, version, SQL_I32),
    SQL_COLUMN(struct partner_row, create_time_ms, SQL_I64),
    SQL_COLUMN(struct partner_row, update_time_ms, SQL_I64),
};
#define PARTNER_COLUMNS                                                                             \
    "partner_id, biz_id, code, title, state, currency, payout_channel_account_id, payout_account, " \
    "payout_account_time_ms, schedule, time_zone, cutoff_minutes, threshold_minor, hold_back_s, "   \
    "due_time_ms, version, create_time_ms, update_time_ms"

static const struct sql_column partner_update_columns[] = {
    SQL_COLUMN(struct partner_row, title, SQL_TEXT),
    SQL_COLUMN(struct partner_row, state, SQL_I32),
    SQL_COLUMN(struct partner_row, payout_channel_account_id, SQL_I64),
    SQL_COLUMN(struct partner_row, payout_account, SQL_TEXT),
    SQL_COLUMN(struct partner_row, payout_account_time_ms, SQL_I64),
    SQL_COLUMN(struct partner_row, schedule, SQL_I32),
    SQL_COLUMN(struct partner_row, time_zone, SQL_TEXT),
    SQL_COLUMN(struct partner_row, cutoff_minutes, SQL_I32),
    SQL_COLUMN(struct partner_row, threshold_minor, SQL_I64),
    SQL_COLUMN(struct partner_row, hold_back_s, SQL_I32),
    SQL_COLUMN(struct partner_row, due_time_ms, SQL_I64),
    SQL_COLUMN(struct partner_row, version, SQL_I32),
    SQL_COLUMN(struct partner_row, update_time_ms, SQL_I64),
    SQL_COLUMN(struct partner_row, partner_id, SQL_I64),
    SQL_COLUMN(struct partner_row, biz_id, SQL_I64),
    SQL_COLUMN(struct partner_row, version_read, SQL_I32),
};

static const struct sql_column rule_columns[] = {
    SQL_COLUMN(struct split_rule_row, rule_id, SQL_I64),
    SQL_COLUMN(struct split_rule_row, biz_id, SQL_I64),
    SQL_COLUMN(struct split_rule_row, scope, SQL_I32),
    SQL_COLUMN(struct split_rule_row, scope_id, SQL_I64),
    SQL_COLUMN(struct split_rule_row, seq, SQL_I32),
    SQL_COLUMN(struct split_rule_row, currency, SQL_CHARS),
    SQL_COLUMN(struct split_rule_row, remainder_partner_id, SQL_I64),
    SQL_COLUMN(struct split_rule_row, from_time_ms, SQL_I64),
    SQL_COLUMN(struct split_rule_row, to_time_ms, SQL_I64),
    SQL_COLUMN(struct split_rule_row, version, SQL_I32),
    SQL_COLUMN(struct split_rule_row, create_time_ms, SQL_I64),
    SQL_COLUMN(struct split_rule_row, update_time_ms, SQL_I64),
};
#define RULE_COLUMNS                                                                                    \
    "rule_id, biz_id, scope, scope_id, seq, currency, remainder_partner_id, from_time_ms, to_time_ms, " \
    "version, create_time_ms, update_time_ms"

static const struct sql_column rule_end_columns[] = {
    SQL_COLUMN(struct split_rule_row, to_time_ms, SQL_I64),
    SQL_COLUMN(struct split_rule_row, version, SQL_I32),
    SQL_COLUMN(struct split_rule_row, update_time_ms, SQL_I64),
    SQL_COLUMN(struct split_rule_row, rule_id, SQL_I64),
    SQL_COLUMN(struct split_rule_row, biz_id, SQL_I64),
    SQL_COLUMN(struct split_rule_row, version_read, SQL_I32),
};
static const struct sql_column part_columns[] = {
    SQL_COLUMN(struct split_part_row, rule_id, SQL_I64),    SQL_COLUMN(struct split_part_row, part_no, SQL_I32),
    SQL_COLUMN(struct split_part_row, biz_id, SQL_I64),     SQL_COLUMN(struct split_part_row, level, SQL_I32),
    SQL_COLUMN(struct split_part_row, partner_id, SQL_I64), SQL_COLUMN(struct split_part_row, kind, SQL_I32),
    SQL_COLUMN(struct split_part_row, value, SQL_I64),
};

static const struct sql_column key_columns[] = {
    SQL_COLUMN(struct settlement_key, id, SQL_I64),
    SQL_COLUMN(struct settlement_key, biz_id, SQL_I64),
};
static const struct sql_column code_columns[] = {
    SQL_COLUMN(struct partner_code_key, biz_id, SQL_I64),
    SQL_COLUMN(struct partner_code_key, code, SQL_TEXT),
};
static const struct sql_column scope_columns[] = {
    SQL_COLUMN(struct split_scope_key, biz_id, SQL_I64),
    SQL_COLUMN(struct split_scope_key, scope, SQL_I32),
    SQL_COLUMN(struct split_scope_key, scope_id, SQL_I64),
};
static const struct sql_column rule_id_columns[] = {
    {.name = "rule_id", .type = SQL_I64, .offset = 0, .size = sizeof(int64_t)},
};

struct list_params {
    int64_t biz_id;
    int64_t before_id;
    int64_t time_ms;
    int32_t limit;
};
static const struct sql_column list_columns[] = {
    SQL_COLUMN(struct list_params, biz_id, SQL_I64),
    SQL_COLUMN(struct list_params, before_id, SQL_I64),
    SQL_COLUMN(struct list_params, limit, SQL_I32),
};
static const struct sql_column due_columns[] = {
    SQL_COLUMN(struct list_params, time_ms, SQL_I64),
    SQL_COLUMN(struct list_params, limit, SQL_I32),
};
static const struct sql_column period_columns[] = {
    SQL_COLUMN(struct period_end, due_time_ms, SQL_I64),
    SQL_COLUMN(struct period_end, partner_id, SQL_I64),
    SQL_COLUMN(struct period_end, biz_id, SQL_I64),
    SQL_COLUMN(struct period_end, due_time_ms_read, SQL_I64),
};

static const struct sql_stmt PARTNER_INSERT = {
    .name = "partner_insert",
    .module = MODULE_SETTLEMENT,
    .text = "INSERT INTO bmt_settlement.partners (" PARTNER_COLUMNS ")\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(partner_columns),
};
static const struct sql_stmt PARTNER_UPDATE = {
    .name = "partner_update",
    .module = MODULE_SETTLEMENT,
    .text = "UPDATE bmt_settlement.partners\n"
            "SET title = ?, state = ?, payout_channel_account_id = ?, payout_account = ?,\n"
            "    payout_account_time_ms = ?, schedule = ?, time_zone = ?, cutoff_minutes = ?, threshold_minor = ?,\n"
            "    hold_back_s = ?, due_time_ms = ?, version = ?, update_time_ms = ?\n"
            "WHERE partner_id = ? AND biz_id = ? AND version = ?",
    .params = SQL_COLUMNS(partner_update_columns),
};
static const struct sql_stmt PARTNER_FIND = {
    .name = "partner_find",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT " PARTNER_COLUMNS "\n"
            "FROM bmt_settlement.partners FORCE INDEX (PRIMARY)\n"
            "WHERE (partner_id, biz_id) IN ({keys})",
    .keys = SQL_COLUMNS(key_columns),
    .results = SQL_COLUMNS(partner_columns),
    .result_size = sizeof(struct partner_row),
};
static const struct sql_stmt PARTNER_FIND_CODES = {
    .name = "partner_find_codes",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT biz_id, code\n"
            "FROM bmt_settlement.partners FORCE INDEX (uq_partners_code)\n"
            "WHERE (biz_id, code) IN ({keys})",
    .keys = SQL_COLUMNS(code_columns),
    .results = SQL_COLUMNS(code_columns),
    .result_size = sizeof(struct partner_code_key),
};
static const struct sql_stmt PARTNER_LIST = {
    .name = "partner_list",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT " PARTNER_COLUMNS "\n"
            "FROM bmt_settlement.partners\n"
            "WHERE biz_id = ? AND partner_id < ?\n"
            "ORDER BY partner_id DESC\n" /* ix_partners_business */
            "LIMIT ?",
    .params = SQL_COLUMNS(list_columns),
    .results = SQL_COLUMNS(partner_columns),
    .result_size = sizeof(struct partner_row),
};
static const struct sql_stmt PARTNER_FIND_DUE = {
    .name = "partner_find_due",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT " PARTNER_COLUMNS "\n"
            "FROM bmt_settlement.partners\n"
            "WHERE due_time_ms > 0 AND due_time_ms <= ?\n"
            "ORDER BY due_time_ms\n" /* ix_partners_due */
            "LIMIT ?",
    .params = SQL_COLUMNS(due_columns),
    .results = SQL_COLUMNS(partner_columns),
    .result_size = sizeof(struct partner_row),
};
static const struct sql_stmt PARTNER_END_PERIOD = {
    .name = "partner_end_period",
    .module = MODULE_SETTLEMENT,
    .text = "UPDATE bmt_settlement.partners\n"
            "SET due_time_ms = ?\n"
            "WHERE partner_id = ? AND biz_id = ? AND due_time_ms = ?",
    .params = SQL_COLUMNS(period_columns),
};

static const struct sql_stmt RULE_INSERT = {
    .name = "split_rule_insert",
    .module = MODULE_SETTLEMENT,
    .text = "INSERT INTO bmt_settlement.split_rules (" RULE_COLUMNS ")\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(rule_columns),
};
static const struct sql_stmt RULE_END = {
    .name = "split_rule_end",
    .module = MODULE_SETTLEMENT,
    .text = "UPDATE bmt_settlement.split_rules\n"
            "SET to_time_ms = ?, version = ?, update_time_ms = ?\n"
            "WHERE rule_id = ? AND biz_id = ? AND version = ?",
    .params = SQL_COLUMNS(rule_end_columns),
};
static const struct sql_stmt RULE_FIND = {
    .name = "split_rule_find",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT " RULE_COLUMNS "\n"
            "FROM bmt_settlement.split_rules FORCE INDEX (PRIMARY)\n"
            "WHERE (rule_id, biz_id) IN ({keys})",
    .keys = SQL_COLUMNS(key_columns),
    .results = SQL_COLUMNS(rule_columns),
    .result_size = sizeof(struct split_rule_row),
};
static const struct sql_stmt RULE_FIND_OF = {
    .name = "split_rule_find_of",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT " RULE_COLUMNS "\n"
            "FROM bmt_settlement.split_rules FORCE INDEX (uq_split_rules_scope)\n"
            "WHERE (biz_id, scope, scope_id) IN ({keys})",
    .keys = SQL_COLUMNS(scope_columns),
    .results = SQL_COLUMNS(rule_columns),
    .result_size = sizeof(struct split_rule_row),
};
static const struct sql_stmt RULE_LIST = {
    .name = "split_rule_list",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT " RULE_COLUMNS "\n"
            "FROM bmt_settlement.split_rules\n"
            "WHERE biz_id = ? AND rule_id < ?\n"
            "ORDER BY rule_id DESC\n" /* ix_split_rules_business */
            "LIMIT ?",
    .params = SQL_COLUMNS(list_columns),
    .results = SQL_COLUMNS(rule_columns),
    .result_size = sizeof(struct split_rule_row),
};
static const struct sql_stmt PART_INSERT = {
    .name = "split_part_insert",
    .module = MODULE_SETTLEMENT,
    .text = "INSERT INTO bmt_settlement.split_parts (rule_id, part_no, biz_id, level, partner_id, kind, value)\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(part_columns),
};
static const struct sql_stmt PART_FIND = {
    .name = "split_part_find",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT rule_id, part_no, biz_id, level, partner_id, kind, value\n"
            "FROM bmt_settlement.split_parts\n"
            "WHERE rule_id IN ({keys})\n"
            "ORDER BY rule_id, part_no", /* the primary key */
    .keys = SQL_COLUMNS(rule_id_columns),
    .results = SQL_COLUMNS(part_columns),
    .result_size = sizeof(struct split_part_row),
};

int settlement_store_insert_partners(struct tx *tx, const struct partner_row *rows, size_t n, struct err *err)
{
    return sql_write(tx, &PARTNER_INSERT, rows, n, sizeof *rows, NULL, err);
}

int settlement_store_update_partners(struct tx *tx, const struct partner_row *rows, size_t n, struct err *err)
{
    return sql_write_each(tx, &PARTNER_UPDATE, rows, n, sizeof *rows, err);
}

int settlement_store_find_partners(struct tx *tx, const struct settlement_key *keys, size_t n, struct arena *arena,
                                   struct partner_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &PARTNER_FIND, NULL, keys, n, sizeof *keys, arena, ret_rows, ret_n, err);
}

int settlement_store_find_partner_codes(struct tx *tx, const struct partner_code_key *keys, size_t n,
                                        struct arena *arena, struct partner_code_key **ret_rows, size_t *ret_n,
                                        struct err *err)
{
    return sql_select_in(tx, &PARTNER_FIND_CODES, NULL, keys, n, sizeof *keys, arena, ret_rows, ret_n, err);
}

static struct list_params list_params_of(int64_t biz_id, const struct page *page)
{
    return (struct list_params){
        .biz_id = biz_id, .before_id = page->after_id != 0 ? page->after_id : INT64_MAX, .limit = page->size + 1};
}

int settlement_store_list_partners(struct tx *tx, int64_t biz_id, const struct page *page, struct arena *arena,
                                   struct partner_row **ret_rows, size_t *ret_n, struct err *err)
{
    const struct list_params params = list_params_of(biz_id, page);

    return sql_select(tx, &PARTNER_LIST, &params, arena, ret_rows, ret_n, err);
}

int settlement_store_find_due_partners(struct tx *tx, int64_t now_ms, size_t limit, struct arena *arena,
                                       struct partner_row **ret_rows, size_t *ret_n, struct err *err)
{
    const struct list_params params = {.time_ms = now_ms, .limit = (int32_t)limit};

    return sql_select(tx, &PARTNER_FIND_DUE, &params, arena, ret_rows, ret_n, err);
}

int settlement_store_end_period(struct tx *tx, const struct period_end *row, struct err *err)
{
    return sql_write_each(tx, &PARTNER_END_PERIOD, row, 1, sizeof *row, err);
}

int settlement_store_insert_rules(struct tx *tx, const struct split_rule_row *rows, size_t n,
                                  const struct split_part_row *parts, size_t n_parts, struct err *err)
{
    int rc = sql_write(tx, &RULE_INSERT, rows, n, sizeof *rows, NULL, err);

    return rc != 0 ? rc : sql_write(tx, &PART_INSERT, parts, n_parts, sizeof *parts, NULL, err);
}

int settlement_store_end_rules(struct tx *tx, const struct split_rule_row *rows, size_t n, struct err *err)
{
    return sql_write_each(tx, &RULE_END, rows, n, sizeof *rows, err);
}

int settlement_store_find_rules(struct tx *tx, const struct settlement_key *keys, size_t n, struct arena *arena,
                                struct split_rule_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &RULE_FIND, NULL, keys, n, sizeof *keys, arena, ret_rows, ret_n, err);
}

int settlement_store_find_rules_of(struct tx *tx, const struct split_scope_key *keys, size_t n, struct arena *arena,
                                   struct split_rule_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &RULE_FIND_OF, NULL, keys, n, sizeof *keys, arena, ret_rows, ret_n, err);
}

int settlement_store_find_parts(struct tx *tx, const int64_t *rule_ids, size_t n, struct arena *arena,
                                struct split_part_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &PART_FIND, NULL, rule_ids, n, sizeof *rule_ids, arena, ret_rows, ret_n, err);
}

int settlement_store_list_rules(struct tx *tx, int64_t biz_id, const struct page *page, struct arena *arena,
                                struct split_rule_row **ret_rows, size_t *ret_n, struct err *err)
{
    const struct list_params params = list_params_of(biz_id, page);

    return sql_select(tx, &RULE_LIST, &params, arena, ret_rows, ret_n, err);
}
