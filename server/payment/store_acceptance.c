/* Statements on acceptances of agreements; see store_agreement.h. */
#include "payment/store_agreement.h"

static const struct sql_column columns[] = {
    SQL_COLUMN(struct acceptance_row, acceptance_id, SQL_I64),
    SQL_COLUMN(struct acceptance_row, biz_id, SQL_I64),
    SQL_COLUMN(struct acceptance_row, user_id, SQL_TEXT),
    SQL_COLUMN(struct acceptance_row, agreement_template_id, SQL_I64),
    SQL_COLUMN(struct acceptance_row, code, SQL_TEXT),
    SQL_COLUMN(struct acceptance_row, version, SQL_I32),
    SQL_COLUMN(struct acceptance_row, locale, SQL_TEXT),
    SQL_COLUMN(struct acceptance_row, text_sha256, SQL_FIXED),
    SQL_COLUMN(struct acceptance_row, order_id, SQL_I64),
    SQL_COLUMN(struct acceptance_row, actor, SQL_TEXT),
    SQL_COLUMN(struct acceptance_row, token_sha256, SQL_BYTES),
    SQL_COLUMN(struct acceptance_row, create_time_ms, SQL_I64),
};
#define COLUMNS                                                                                                    \
    "acceptance_id, biz_id, user_id, agreement_template_id, code, version, locale, text_sha256, order_id, actor, " \
    "token_sha256, create_time_ms"

static const struct sql_column key_columns[] = {
    SQL_COLUMN(struct acceptance_key, biz_id, SQL_I64),
    SQL_COLUMN(struct acceptance_key, user_id, SQL_TEXT),
    SQL_COLUMN(struct acceptance_key, agreement_template_id, SQL_I64),
};

struct list_params {
    struct acceptance_filter filter;
    int64_t before_id;
    int32_t limit;
};
static const struct sql_column list_columns[] = {
    SQL_COLUMN(struct list_params, filter.biz_id, SQL_I64),
    SQL_COLUMN(struct list_params, before_id, SQL_I64),
    SQL_COLUMN(struct list_params, limit, SQL_I32),
};
static const struct sql_column list_of_code_columns[] = {
    SQL_COLUMN(struct list_params, filter.biz_id, SQL_I64),
    SQL_COLUMN(struct list_params, filter.code, SQL_TEXT),
    SQL_COLUMN(struct list_params, before_id, SQL_I64),
    SQL_COLUMN(struct list_params, limit, SQL_I32),
};
static const struct sql_column list_of_user_columns[] = {
    SQL_COLUMN(struct list_params, filter.biz_id, SQL_I64), SQL_COLUMN(struct list_params, filter.user_id, SQL_TEXT),
    SQL_COLUMN(struct list_params, before_id, SQL_I64),     SQL_COLUMN(struct list_params, filter.code, SQL_TEXT),
    SQL_COLUMN(struct list_params, filter.code, SQL_TEXT),  SQL_COLUMN(struct list_params, limit, SQL_I32),
};

static const struct sql_stmt ACCEPTANCE_INSERT = {
    .name = "acceptance_insert",
    .module = MODULE_PAYMENT,
    .text = "INSERT INTO bmt_payment.agreement_acceptances (" COLUMNS ")\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(columns),
};
static const struct sql_stmt ACCEPTANCE_FIND = {
    .name = "acceptance_find",
    .module = MODULE_PAYMENT,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_payment.agreement_acceptances FORCE INDEX (uq_agreement_acceptances_user)\n"
            "WHERE (biz_id, user_id, agreement_template_id) IN ({keys})",
    .keys = SQL_COLUMNS(key_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct acceptance_row),
};
static const struct sql_stmt ACCEPTANCE_LIST = {
    .name = "acceptance_list",
    .module = MODULE_PAYMENT,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_payment.agreement_acceptances FORCE INDEX (ix_agreement_acceptances_business)\n"
            "WHERE biz_id = ? AND acceptance_id < ?\n"
            "ORDER BY acceptance_id DESC\n"
            "LIMIT ?",
    .params = SQL_COLUMNS(list_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct acceptance_row),
};
static const struct sql_stmt ACCEPTANCE_LIST_OF_CODE = {
    .name = "acceptance_list_of_code",
    .module = MODULE_PAYMENT,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_payment.agreement_acceptances FORCE INDEX (ix_agreement_acceptances_code)\n"
            "WHERE biz_id = ? AND code = ? AND acceptance_id < ?\n"
            "ORDER BY acceptance_id DESC\n"
            "LIMIT ?",
    .params = SQL_COLUMNS(list_of_code_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct acceptance_row),
};
static const struct sql_stmt ACCEPTANCE_LIST_OF_USER = {
    .name = "acceptance_list_of_user",
    .module = MODULE_PAYMENT,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_payment.agreement_acceptances FORCE INDEX (uq_agreement_acceptances_user)\n"
            "WHERE biz_id = ? AND user_id = ? AND acceptance_id < ? AND (? = '' OR code = ?)\n"
            "ORDER BY acceptance_id DESC\n" /* a user accepts few */
            "LIMIT ?",
    .params = SQL_COLUMNS(list_of_user_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct acceptance_row),
};

int payment_store_insert_acceptances(struct tx *tx, const struct acceptance_row *rows, size_t n, struct err *err)
{
    return sql_write(tx, &ACCEPTANCE_INSERT, rows, n, sizeof *rows, NULL, err);
}

int payment_store_find_acceptances(struct tx *tx, const struct acceptance_key *keys, size_t n, struct arena *arena,
                                   struct acceptance_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &ACCEPTANCE_FIND, NULL, keys, n, sizeof *keys, arena, ret_rows, ret_n, err);
}

int payment_store_list_acceptances(struct tx *tx, const struct acceptance_filter *filter, const struct page *page,
                                   struct arena *arena, struct acceptance_row **ret_rows, size_t *ret_n,
                                   struct err *err)
{
    const struct list_params params = {
        .filter = *filter, .before_id = page->after_id != 0 ? page->after_id : INT64_MAX, .limit = page->size + 1};
    const struct sql_stmt *stmt = &ACCEPTANCE_LIST;

    if (filter->user_id[0] != '\0')
        stmt = &ACCEPTANCE_LIST_OF_USER;
    else if (filter->code[0] != '\0')
        stmt = &ACCEPTANCE_LIST_OF_CODE;
    return sql_select(tx, stmt, &params, arena, ret_rows, ret_n, err);
}
