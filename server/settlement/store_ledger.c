/* Statements on the ledger; see store_ledger.h. */
#include "settlement/store_ledger.h"

#include <string.h>

static const struct sql_column transfer_columns[] = {
    SQL_COLUMN(struct transfer_row, transfer_id, SQL_I64), SQL_COLUMN(struct transfer_row, biz_id, SQL_I64),
    SQL_COLUMN(struct transfer_row, kind, SQL_I32),        SQL_COLUMN(struct transfer_row, source_id, SQL_I64),
    SQL_COLUMN(struct transfer_row, source_no, SQL_I32),   SQL_COLUMN(struct transfer_row, chain, SQL_I32),
    SQL_COLUMN(struct transfer_row, chain_seq, SQL_I64),   SQL_COLUMN(struct transfer_row, hash, SQL_FIXED),
    SQL_COLUMN(struct transfer_row, note, SQL_TEXT),       SQL_COLUMN(struct transfer_row, create_time_ms, SQL_I64),
};
#define TRANSFER_COLUMNS "transfer_id, biz_id, kind, source_id, source_no, chain, chain_seq, hash, note, create_time_ms"

static const struct sql_column posting_columns[] = {
    SQL_COLUMN(struct posting_row, transfer_id, SQL_I64),  SQL_COLUMN(struct posting_row, posting_no, SQL_I32),
    SQL_COLUMN(struct posting_row, biz_id, SQL_I64),       SQL_COLUMN(struct posting_row, account, SQL_I32),
    SQL_COLUMN(struct posting_row, subject_id, SQL_I64),   SQL_COLUMN(struct posting_row, currency, SQL_CHARS),
    SQL_COLUMN(struct posting_row, amount_minor, SQL_I64), SQL_COLUMN(struct posting_row, create_time_ms, SQL_I64),
};
#define POSTING_COLUMNS "transfer_id, posting_no, biz_id, account, subject_id, currency, amount_minor, create_time_ms"

static const struct sql_column day_columns[] = {
    SQL_COLUMN(struct account_day_row, biz_id, SQL_I64),
    SQL_COLUMN(struct account_day_row, account, SQL_I32),
    SQL_COLUMN(struct account_day_row, subject_id, SQL_I64),
    SQL_COLUMN(struct account_day_row, currency, SQL_CHARS),
    SQL_COLUMN(struct account_day_row, day, SQL_I32),
    SQL_COLUMN(struct account_day_row, chain, SQL_I32),
    SQL_COLUMN(struct account_day_row, debit_minor, SQL_I64),
    SQL_COLUMN(struct account_day_row, credit_minor, SQL_I64),
    SQL_COLUMN(struct account_day_row, posting_count, SQL_I64),
};
static const struct sql_column chain_columns[] = {
    SQL_COLUMN(struct chain_row, chain, SQL_I32),
    SQL_COLUMN(struct chain_row, seq, SQL_I64),
    SQL_COLUMN(struct chain_row, hash, SQL_FIXED),
};
static const struct sql_column chain_move_columns[] = {
    SQL_COLUMN(struct chain_row, seq, SQL_I64),
    SQL_COLUMN(struct chain_row, hash, SQL_FIXED),
    SQL_COLUMN(struct chain_row, chain, SQL_I32),
    SQL_COLUMN(struct chain_row, seq_read, SQL_I64),
};
static const struct sql_column key_columns[] = {
    SQL_COLUMN(struct settlement_key, id, SQL_I64),
    SQL_COLUMN(struct settlement_key, biz_id, SQL_I64),
};
static const struct sql_column id_columns[] = {
    {.name = "transfer_id", .type = SQL_I64, .offset = 0, .size = sizeof(int64_t)},
};

/* What lists and sums are asked by. */
struct ledger_params {
    int64_t biz_id;
    int32_t account;
    int64_t subject_id;
    char currency[CURRENCY_SIZE];
    int64_t before_id;
    int64_t from_ms;
    int64_t to_ms;
    int32_t from_day;
    int32_t to_day;
    int32_t limit;
};
static const struct sql_column list_columns[] = {
    SQL_COLUMN(struct ledger_params, biz_id, SQL_I64),     SQL_COLUMN(struct ledger_params, account, SQL_I32),
    SQL_COLUMN(struct ledger_params, subject_id, SQL_I64), SQL_COLUMN(struct ledger_params, currency, SQL_CHARS),
    SQL_COLUMN(struct ledger_params, before_id, SQL_I64),  SQL_COLUMN(struct ledger_params, before_id, SQL_I64),
    SQL_COLUMN(struct ledger_params, before_id, SQL_I64),  SQL_COLUMN(struct ledger_params, limit, SQL_I32),
};
static const struct sql_column sum_columns[] = {
    SQL_COLUMN(struct ledger_params, biz_id, SQL_I64),
    SQL_COLUMN(struct ledger_params, account, SQL_I32),
    SQL_COLUMN(struct ledger_params, account, SQL_I32),
    SQL_COLUMN(struct ledger_params, to_day, SQL_I32),
};
static const struct sql_column span_columns[] = {
    SQL_COLUMN(struct ledger_params, biz_id, SQL_I64),     SQL_COLUMN(struct ledger_params, account, SQL_I32),
    SQL_COLUMN(struct ledger_params, subject_id, SQL_I64), SQL_COLUMN(struct ledger_params, currency, SQL_CHARS),
    SQL_COLUMN(struct ledger_params, from_ms, SQL_I64),    SQL_COLUMN(struct ledger_params, to_ms, SQL_I64),
};
static const struct sql_column account_sum_columns[] = {
    SQL_COLUMN(struct account_sum, account, SQL_I32),       SQL_COLUMN(struct account_sum, subject_id, SQL_I64),
    SQL_COLUMN(struct account_sum, currency, SQL_CHARS),    SQL_COLUMN(struct account_sum, day, SQL_I32),
    SQL_COLUMN(struct account_sum, debit_minor, SQL_I64),   SQL_COLUMN(struct account_sum, credit_minor, SQL_I64),
    SQL_COLUMN(struct account_sum, posting_count, SQL_I64),
};

static const struct sql_stmt CHAIN_LOCK = {
    .name = "chain_lock",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT chain, seq, hash\n"
            "FROM bmt_settlement.chains\n"
            "WHERE chain = ?\n"
            "FOR UPDATE",
    .params = {.list = chain_columns, .n = 1},
    .results = SQL_COLUMNS(chain_columns),
    .result_size = sizeof(struct chain_row),
};
static const struct sql_stmt CHAIN_INSERT = {
    .name = "chain_insert",
    .module = MODULE_SETTLEMENT,
    .text = "INSERT INTO bmt_settlement.chains (chain, seq, hash)\n"
            "VALUES (?, ?, ?)",
    .params = SQL_COLUMNS(chain_columns),
};
static const struct sql_stmt CHAIN_MOVE = {
    .name = "chain_move",
    .module = MODULE_SETTLEMENT,
    .text = "UPDATE bmt_settlement.chains\n"
            "SET seq = ?, hash = ?\n"
            "WHERE chain = ? AND seq = ?",
    .params = SQL_COLUMNS(chain_move_columns),
};
static const struct sql_stmt TRANSFER_INSERT = {
    .name = "transfer_insert",
    .module = MODULE_SETTLEMENT,
    .text = "INSERT INTO bmt_settlement.transfers (" TRANSFER_COLUMNS ")\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(transfer_columns),
};
static const struct sql_stmt POSTING_INSERT = {
    .name = "posting_insert",
    .module = MODULE_SETTLEMENT,
    .text = "INSERT INTO bmt_settlement.postings (" POSTING_COLUMNS ")\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(posting_columns),
};
static const struct sql_stmt DAYS_ADD = {
    .name = "account_days_add",
    .module = MODULE_SETTLEMENT,
    .text = "INSERT INTO bmt_settlement.account_days\n"
            "    (biz_id, account, subject_id, currency, day, chain, debit_minor, credit_minor, posting_count)\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)\n"
            "ON DUPLICATE KEY UPDATE\n"
            "    debit_minor = debit_minor + VALUES(debit_minor),\n"
            "    credit_minor = credit_minor + VALUES(credit_minor),\n"
            "    posting_count = posting_count + VALUES(posting_count)",
    .params = SQL_COLUMNS(day_columns),
};
static const struct sql_stmt TRANSFER_FIND = {
    .name = "transfer_find",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT " TRANSFER_COLUMNS "\n"
            "FROM bmt_settlement.transfers FORCE INDEX (PRIMARY)\n"
            "WHERE (transfer_id, biz_id) IN ({keys})",
    .keys = SQL_COLUMNS(key_columns),
    .results = SQL_COLUMNS(transfer_columns),
    .result_size = sizeof(struct transfer_row),
};
static const struct sql_stmt POSTING_FIND = {
    .name = "posting_find",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT " POSTING_COLUMNS "\n"
            "FROM bmt_settlement.postings FORCE INDEX (PRIMARY)\n"
            "WHERE transfer_id IN ({keys})\n"
            "ORDER BY transfer_id, posting_no",
    .keys = SQL_COLUMNS(id_columns),
    .results = SQL_COLUMNS(posting_columns),
    .result_size = sizeof(struct posting_row),
};
/* Pages go on after a transfer; there is none before the first page. */
#define TIME_OF_TRANSFER \
    "COALESCE((SELECT create_time_ms FROM bmt_settlement.transfers WHERE transfer_id = ?), 9223372036854775807)"
static const struct sql_stmt POSTING_LIST = {
    .name = "posting_list",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT " POSTING_COLUMNS "\n"
            "FROM bmt_settlement.postings FORCE INDEX (ix_postings_account)\n"
            "WHERE biz_id = ? AND account = ? AND subject_id = ? AND currency = ?\n"
            "    AND create_time_ms <= " TIME_OF_TRANSFER "\n"
            "    AND (create_time_ms < " TIME_OF_TRANSFER " OR transfer_id < ?)\n"
            "ORDER BY create_time_ms DESC, transfer_id DESC\n" /* an account is once in a transfer */
            "LIMIT ?",
    .params = SQL_COLUMNS(list_columns),
    .results = SQL_COLUMNS(posting_columns),
    .result_size = sizeof(struct posting_row),
};
static const struct sql_stmt ACCOUNTS_SUM = {
    .name = "accounts_sum",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT account, subject_id, currency, 0, SUM(debit_minor), SUM(credit_minor), SUM(posting_count)\n"
            "FROM bmt_settlement.account_days\n"
            "WHERE biz_id = ? AND (? = 0 OR account = ?) AND day < ?\n"
            "GROUP BY account, subject_id, currency\n"
            "ORDER BY account, subject_id, currency\n"
            "LIMIT 65536",
    .params = SQL_COLUMNS(sum_columns),
    .results = SQL_COLUMNS(account_sum_columns),
    .result_size = sizeof(struct account_sum),
};
static const struct sql_stmt POSTINGS_SUM = {
    .name = "postings_sum",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT account, subject_id, currency, 0, SUM(GREATEST(amount_minor, 0)), -SUM(LEAST(amount_minor, 0)),\n"
            "    COUNT(*)\n"
            "FROM bmt_settlement.postings FORCE INDEX (ix_postings_account)\n"
            "WHERE biz_id = ? AND account = ? AND subject_id = ? AND currency = ?\n"
            "    AND create_time_ms >= ? AND create_time_ms < ?\n"
            "GROUP BY account, subject_id, currency",
    .params = SQL_COLUMNS(span_columns),
    .results = SQL_COLUMNS(account_sum_columns),
    .result_size = sizeof(struct account_sum),
};
int ledger_store_lock_chain(struct tx *tx, int32_t chain, struct arena *arena, struct chain_row **ret_rows,
                            size_t *ret_n, struct err *err)
{
    return sql_select(tx, &CHAIN_LOCK, &(struct chain_row){.chain = chain}, arena, ret_rows, ret_n, err);
}

int ledger_store_insert_chain(struct tx *tx, const struct chain_row *row, struct err *err)
{
    return sql_write(tx, &CHAIN_INSERT, row, 1, sizeof *row, NULL, err);
}

int ledger_store_move_chain(struct tx *tx, const struct chain_row *row, struct err *err)
{
    return sql_write_each(tx, &CHAIN_MOVE, row, 1, sizeof *row, err);
}

int ledger_store_insert(struct tx *tx, const struct transfer_row *transfers, size_t n,
                        const struct posting_row *postings, size_t n_postings, struct err *err)
{
    const int rc = sql_write(tx, &TRANSFER_INSERT, transfers, n, sizeof *transfers, NULL, err);

    return rc != 0 ? rc : sql_write(tx, &POSTING_INSERT, postings, n_postings, sizeof *postings, NULL, err);
}

int ledger_store_add_days(struct tx *tx, const struct account_day_row *rows, size_t n, struct err *err)
{
    return sql_write(tx, &DAYS_ADD, rows, n, sizeof *rows, NULL, err);
}

int ledger_store_find_transfers(struct tx *tx, const struct settlement_key *keys, size_t n, struct arena *arena,
                                struct transfer_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &TRANSFER_FIND, NULL, keys, n, sizeof *keys, arena, ret_rows, ret_n, err);
}

int ledger_store_find_postings(struct tx *tx, const int64_t *transfer_ids, size_t n, struct arena *arena,
                               struct posting_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &POSTING_FIND, NULL, transfer_ids, n, sizeof *transfer_ids, arena, ret_rows, ret_n, err);
}

int ledger_store_list_postings(struct tx *tx, const struct account_key *key, const struct page *page,
                               struct arena *arena, struct posting_row **ret_rows, size_t *ret_n, struct err *err)
{
    struct ledger_params params = {
        .biz_id = key->biz_id,
        .account = key->account,
        .subject_id = key->subject_id,
        .before_id = page->after_id,
        .limit = page->size + 1,
    };

    memcpy(params.currency, key->currency, CURRENCY_SIZE);
    return sql_select(tx, &POSTING_LIST, &params, arena, ret_rows, ret_n, err);
}

int ledger_store_sum_accounts(struct tx *tx, int64_t biz_id, int32_t account, int32_t day, struct arena *arena,
                              struct account_sum **ret_rows, size_t *ret_n, struct err *err)
{
    const struct ledger_params params = {.biz_id = biz_id, .account = account, .to_day = day};

    return sql_select(tx, &ACCOUNTS_SUM, &params, arena, ret_rows, ret_n, err);
}

int ledger_store_sum_postings(struct tx *tx, const struct account_key *key, int64_t from_ms, int64_t to_ms,
                              struct arena *arena, struct account_sum **ret_rows, size_t *ret_n, struct err *err)
{
    struct ledger_params params = {.biz_id = key->biz_id,
                                   .account = key->account,
                                   .subject_id = key->subject_id,
                                   .from_ms = from_ms,
                                   .to_ms = to_ms};

    memcpy(params.currency, key->currency, CURRENCY_SIZE);
    return sql_select(tx, &POSTINGS_SUM, &params, arena, ret_rows, ret_n, err);
}
