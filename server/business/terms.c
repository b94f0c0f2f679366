/* Terms of orders; see terms.h. Batches are mostly of one business or a few: each is read once. */
#include "business/terms.h"

#include "business/store.h"

struct terms_row {
    int64_t biz_id;
    int32_t order_expires_in_s;
    int32_t order_confirm_after_s;
    int32_t late_money;
    int32_t failed_payment;
};

static const struct sql_column terms_columns[] = {
    SQL_COLUMN(struct terms_row, biz_id, SQL_I64),
    SQL_COLUMN(struct terms_row, order_expires_in_s, SQL_I32),
    SQL_COLUMN(struct terms_row, order_confirm_after_s, SQL_I32),
    SQL_COLUMN(struct terms_row, late_money, SQL_I32),
    SQL_COLUMN(struct terms_row, failed_payment, SQL_I32),
};

static const struct sql_stmt TERMS_FIND = {
    .name = "business_terms_find",
    .module = MODULE_BUSINESS,
    .text = "SELECT biz_id, order_expires_in_s, order_confirm_after_s, late_money, failed_payment\n"
            "FROM bmt_business.businesses\n"
            "WHERE biz_id IN ({keys})",
    .keys = {.list = terms_columns, .n = 1},
    .results = SQL_COLUMNS(terms_columns),
    .result_size = sizeof(struct terms_row),
};

static struct {
    _Atomic int64_t expires_in_ms;
    _Atomic int64_t confirm_after_ms;
} platform = {900000, 86400000};

void business_set_order_terms(int64_t expires_in_ms, int64_t confirm_after_ms)
{
    platform.expires_in_ms = expires_in_ms;
    platform.confirm_after_ms = confirm_after_ms;
}

static size_t distinct(const struct order_terms *terms, size_t n, struct terms_row *keys)
{
    size_t n_keys = 0;

    for (size_t i = 0; i < n; i++) {
        bool is_known = false;

        for (size_t j = 0; j < n_keys && !is_known; j++)
            is_known = keys[j].biz_id == terms[i].biz_id;
        if (!is_known)
            keys[n_keys++].biz_id = terms[i].biz_id;
    }
    return n_keys;
}

static void fill(struct order_terms *terms, const struct terms_row *rows, size_t n_rows)
{
    terms->expires_in_ms = platform.expires_in_ms;
    terms->confirm_after_ms = platform.confirm_after_ms;
    terms->reopens = terms->closes_failed = false;
    for (size_t i = 0; i < n_rows; i++) {
        if (rows[i].biz_id != terms->biz_id)
            continue;
        if (rows[i].order_expires_in_s > 0)
            terms->expires_in_ms = rows[i].order_expires_in_s * INT64_C(1000);
        if (rows[i].order_confirm_after_s > 0)
            terms->confirm_after_ms = rows[i].order_confirm_after_s * INT64_C(1000);
        terms->reopens = rows[i].late_money == LATE_MONEY_REOPEN;
        terms->closes_failed = rows[i].failed_payment == FAILED_PAYMENT_CLOSE_ORDER;
    }
}

int business_order_terms(struct batch *batch, struct order_terms *terms, size_t n, struct err *err)
{
    struct terms_row *keys = arena_array_of(batch->arena, struct terms_row, n);
    struct terms_row *rows = NULL;
    size_t n_rows = 0;
    int rc;

    rc = sql_select_in(batch->tx, &TERMS_FIND, NULL, keys, distinct(terms, n, keys), sizeof *keys, batch->arena, &rows,
                       &n_rows, err);
    for (size_t i = 0; i < n && rc == 0; i++)
        fill(&terms[i], rows, n_rows);
    return rc;
}
