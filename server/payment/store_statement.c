/* Statements on statement files; see store.h. */
#include "payment/store.h"

static const struct sql_column columns[] = {
    SQL_COLUMN(struct statement_row, statement_id, SQL_I64),
    SQL_COLUMN(struct statement_row, biz_id, SQL_I64),
    SQL_COLUMN(struct statement_row, channel_account_id, SQL_I64),
    SQL_COLUMN(struct statement_row, day_ms, SQL_I64),
    SQL_COLUMN(struct statement_row, parts, SQL_I32),
    SQL_COLUMN(struct statement_row, parts_seen, SQL_I32),
    SQL_COLUMN(struct statement_row, line_count, SQL_I64),
    SQL_COLUMN(struct statement_row, create_time_ms, SQL_I64),
    SQL_COLUMN(struct statement_row, update_time_ms, SQL_I64),
};
#define COLUMNS \
    "statement_id, biz_id, channel_account_id, day_ms, parts, parts_seen, line_count, create_time_ms, update_time_ms"

static const struct sql_column day_columns[] = {
    SQL_COLUMN(struct statement_day_key, channel_account_id, SQL_I64),
    SQL_COLUMN(struct statement_day_key, day_ms, SQL_I64),
};
static const struct sql_column update_columns[] = {
    SQL_COLUMN(struct statement_row, parts_seen, SQL_I32),     SQL_COLUMN(struct statement_row, line_count, SQL_I64),
    SQL_COLUMN(struct statement_row, update_time_ms, SQL_I64), SQL_COLUMN(struct statement_row, statement_id, SQL_I64),
    SQL_COLUMN(struct statement_row, biz_id, SQL_I64),
};
static const struct sql_column part_columns[] = {
    SQL_COLUMN(struct statement_part_row, statement_id, SQL_I64),
    SQL_COLUMN(struct statement_part_row, part, SQL_I32),
    SQL_COLUMN(struct statement_part_row, biz_id, SQL_I64),
    SQL_COLUMN(struct statement_part_row, fingerprint, SQL_FIXED),
    SQL_COLUMN(struct statement_part_row, line_count, SQL_I64),
    SQL_COLUMN(struct statement_part_row, create_time_ms, SQL_I64),
};
static const struct sql_column part_key_columns[] = {
    SQL_COLUMN(struct statement_part_row, statement_id, SQL_I64),
    SQL_COLUMN(struct statement_part_row, part, SQL_I32),
};
static const struct sql_column line_columns[] = {
    SQL_COLUMN(struct statement_line_row, line_id, SQL_I64),
    SQL_COLUMN(struct statement_line_row, statement_id, SQL_I64),
    SQL_COLUMN(struct statement_line_row, part, SQL_I32),
    SQL_COLUMN(struct statement_line_row, line_no, SQL_I32),
    SQL_COLUMN(struct statement_line_row, biz_id, SQL_I64),
    SQL_COLUMN(struct statement_line_row, channel_account_id, SQL_I64),
    SQL_COLUMN(struct statement_line_row, kind, SQL_I32),
    SQL_COLUMN(struct statement_line_row, object_id, SQL_I64),
    SQL_COLUMN(struct statement_line_row, channel_ref, SQL_TEXT),
    SQL_COLUMN(struct statement_line_row, channel_transaction, SQL_TEXT),
    SQL_COLUMN(struct statement_line_row, currency, SQL_CHARS),
    SQL_COLUMN(struct statement_line_row, amount_minor, SQL_I64),
    SQL_COLUMN(struct statement_line_row, move_time_ms, SQL_I64),
    SQL_COLUMN(struct statement_line_row, fee_minor, SQL_I64),
};
#define LINE_COLUMNS                                                                                   \
    "line_id, statement_id, part, line_no, biz_id, channel_account_id, kind, object_id, channel_ref, " \
    "channel_transaction, currency, amount_minor, move_time_ms, fee_minor"

static const struct sql_column line_id_columns[] = {
    {.name = "line_id", .type = SQL_I64, .offset = 0, .size = sizeof(int64_t)},
};

static const struct sql_stmt STATEMENT_LOCK = {
    .name = "statement_lock",
    .module = MODULE_PAYMENT,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_payment.statements\n"
            "WHERE channel_account_id = ? AND day_ms = ?\n" /* uq_statements_day */
            "FOR UPDATE",
    .params = SQL_COLUMNS(day_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct statement_row),
};
static const struct sql_stmt STATEMENT_INSERT = {
    .name = "statement_insert",
    .module = MODULE_PAYMENT,
    .text = "INSERT INTO bmt_payment.statements (" COLUMNS ")\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(columns),
};
static const struct sql_stmt STATEMENT_UPDATE = {
    .name = "statement_update",
    .module = MODULE_PAYMENT,
    .text = "UPDATE bmt_payment.statements\n"
            "SET parts_seen = ?, line_count = ?, update_time_ms = ?\n"
            "WHERE statement_id = ? AND biz_id = ?",
    .params = SQL_COLUMNS(update_columns),
};
static const struct sql_stmt PART_FIND = {
    .name = "statement_part_find",
    .module = MODULE_PAYMENT,
    .text = "SELECT statement_id, part, biz_id, fingerprint, line_count, create_time_ms\n"
            "FROM bmt_payment.statement_parts\n"
            "WHERE statement_id = ? AND part = ?",
    .params = SQL_COLUMNS(part_key_columns),
    .results = SQL_COLUMNS(part_columns),
    .result_size = sizeof(struct statement_part_row),
};
static const struct sql_stmt PART_INSERT = {
    .name = "statement_part_insert",
    .module = MODULE_PAYMENT,
    .text = "INSERT INTO bmt_payment.statement_parts\n"
            "    (statement_id, part, biz_id, fingerprint, line_count, create_time_ms)\n"
            "VALUES (?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(part_columns),
};
static const struct sql_stmt LINE_INSERT = {
    .name = "statement_line_insert",
    .module = MODULE_PAYMENT,
    .text = "INSERT INTO bmt_payment.statement_lines (" LINE_COLUMNS ")\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(line_columns),
};
static const struct sql_stmt LINE_FIND = {
    .name = "statement_line_find",
    .module = MODULE_PAYMENT,
    .text = "SELECT " LINE_COLUMNS "\n"
            "FROM bmt_payment.statement_lines\n"
            "WHERE line_id = ?",
    .params = SQL_COLUMNS(line_id_columns),
    .results = SQL_COLUMNS(line_columns),
    .result_size = sizeof(struct statement_line_row),
};

int payment_store_lock_statement(struct tx *tx, const struct statement_day_key *key, struct arena *arena,
                                 struct statement_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select(tx, &STATEMENT_LOCK, key, arena, ret_rows, ret_n, err);
}

int payment_store_insert_statement(struct tx *tx, const struct statement_row *row, struct err *err)
{
    return sql_write(tx, &STATEMENT_INSERT, row, 1, sizeof *row, NULL, err);
}

int payment_store_update_statement(struct tx *tx, const struct statement_row *row, struct err *err)
{
    return sql_write_each(tx, &STATEMENT_UPDATE, row, 1, sizeof *row, err);
}

int payment_store_find_statement_part(struct tx *tx, const struct statement_part_row *key, struct arena *arena,
                                      struct statement_part_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select(tx, &PART_FIND, key, arena, ret_rows, ret_n, err);
}

int payment_store_insert_statement_part(struct tx *tx, const struct statement_part_row *row, struct err *err)
{
    return sql_write(tx, &PART_INSERT, row, 1, sizeof *row, NULL, err);
}

int payment_store_insert_statement_lines(struct tx *tx, const struct statement_line_row *rows, size_t n,
                                         struct err *err)
{
    return sql_write(tx, &LINE_INSERT, rows, n, sizeof *rows, NULL, err);
}

int payment_store_find_statement_line(struct tx *tx, int64_t line_id, struct arena *arena,
                                      struct statement_line_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select(tx, &LINE_FIND, &line_id, arena, ret_rows, ret_n, err);
}
