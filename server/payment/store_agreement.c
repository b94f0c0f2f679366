/* Statements on agreements and acceptances; see store_agreement.h. */
#include "payment/store_agreement.h"

static const struct sql_column agreement_columns[] = {
    SQL_COLUMN(struct agreement_row, agreement_template_id, SQL_I64),
    SQL_COLUMN(struct agreement_row, biz_id, SQL_I64),
    SQL_COLUMN(struct agreement_row, code, SQL_TEXT),
    SQL_COLUMN(struct agreement_row, version, SQL_I32),
    SQL_COLUMN(struct agreement_row, demand, SQL_I32),
    SQL_COLUMN(struct agreement_row, created_by, SQL_TEXT),
    SQL_COLUMN(struct agreement_row, create_time_ms, SQL_I64),
};
#define AGREEMENT_COLUMNS(t) \
    t "agreement_template_id, " t "biz_id, " t "code, " t "version, " t "demand, " t "created_by, " t "create_time_ms"

static const struct sql_column text_columns[] = {
    SQL_COLUMN(struct agreement_text_row, agreement_template_id, SQL_I64),
    SQL_COLUMN(struct agreement_text_row, text_no, SQL_I32),
    SQL_COLUMN(struct agreement_text_row, biz_id, SQL_I64),
    SQL_COLUMN(struct agreement_text_row, locale, SQL_TEXT),
    SQL_COLUMN(struct agreement_text_row, title, SQL_TEXT),
    SQL_COLUMN(struct agreement_text_row, text, SQL_TEXT),
    SQL_COLUMN(struct agreement_text_row, text_sha256, SQL_FIXED),
};
#define TEXT_COLUMNS "agreement_template_id, text_no, biz_id, locale, title, text, text_sha256"

static const struct sql_column head_columns[] = {
    SQL_COLUMN(struct agreement_text_head, agreement_template_id, SQL_I64),
    SQL_COLUMN(struct agreement_text_head, text_no, SQL_I32),
    SQL_COLUMN(struct agreement_text_head, locale, SQL_TEXT),
    SQL_COLUMN(struct agreement_text_head, size, SQL_I64),
    SQL_COLUMN(struct agreement_text_head, text_sha256, SQL_FIXED),
};
static const struct sql_column text_key_columns[] = {
    SQL_COLUMN(struct agreement_text_key, agreement_template_id, SQL_I64),
    SQL_COLUMN(struct agreement_text_key, text_no, SQL_I32),
};
static const struct sql_column subject_columns[] = {
    SQL_COLUMN(struct agreement_subject_row, agreement_template_id, SQL_I64),
    SQL_COLUMN(struct agreement_subject_row, subject_id, SQL_I64),
    SQL_COLUMN(struct agreement_subject_row, kind, SQL_I32),
    SQL_COLUMN(struct agreement_subject_row, biz_id, SQL_I64),
};
static const struct sql_column version_columns[] = {
    SQL_COLUMN(struct agreement_version, biz_id, SQL_I64),
    SQL_COLUMN(struct agreement_version, version, SQL_I64),
};
/* An id alone, of a business or a template. */
struct id_key {
    int64_t id;
};
static const struct sql_column id_columns[] = {
    SQL_COLUMN(struct id_key, id, SQL_I64),
};
static const struct sql_column key_columns[] = {
    SQL_COLUMN(struct payment_key, id, SQL_I64),
    SQL_COLUMN(struct payment_key, biz_id, SQL_I64),
};

struct list_params {
    int64_t biz_id;
    const char *code;
    int64_t before_id;
    int32_t limit;
};
static const struct sql_column list_columns[] = {
    SQL_COLUMN(struct list_params, biz_id, SQL_I64),
    SQL_COLUMN(struct list_params, before_id, SQL_I64),
    SQL_COLUMN(struct list_params, limit, SQL_I32),
};
static const struct sql_column list_of_code_columns[] = {
    SQL_COLUMN(struct list_params, biz_id, SQL_I64),
    SQL_COLUMN(struct list_params, code, SQL_TEXT),
    SQL_COLUMN(struct list_params, before_id, SQL_I64),
    SQL_COLUMN(struct list_params, limit, SQL_I32),
};

static const struct sql_stmt AGREEMENT_INSERT = {
    .name = "agreement_insert",
    .module = MODULE_PAYMENT,
    .text = "INSERT INTO bmt_payment.agreement_templates (" AGREEMENT_COLUMNS("") ")\n"
                                                                                  "VALUES (?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(agreement_columns),
};
static const struct sql_stmt TEXT_INSERT = {
    .name = "agreement_text_insert",
    .module = MODULE_PAYMENT,
    .text = "INSERT INTO bmt_payment.agreement_texts (" TEXT_COLUMNS ")\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(text_columns),
};
static const struct sql_stmt SUBJECT_INSERT = {
    .name = "agreement_subject_insert",
    .module = MODULE_PAYMENT,
    .text = "INSERT INTO bmt_payment.agreement_subjects (agreement_template_id, subject_id, kind, biz_id)\n"
            "VALUES (?, ?, ?, ?)",
    .params = SQL_COLUMNS(subject_columns),
};
static const struct sql_stmt AGREEMENT_FIND = {
    .name = "agreement_find",
    .module = MODULE_PAYMENT,
    .text = "SELECT " AGREEMENT_COLUMNS("") "\n"
                                            "FROM bmt_payment.agreement_templates FORCE INDEX (PRIMARY)\n"
                                            "WHERE (agreement_template_id, biz_id) IN ({keys})",
    .keys = SQL_COLUMNS(key_columns),
    .results = SQL_COLUMNS(agreement_columns),
    .result_size = sizeof(struct agreement_row),
};
static const struct sql_stmt AGREEMENT_FIND_NEWEST = {
    .name = "agreement_find_newest",
    .module = MODULE_PAYMENT,
    .text = "SELECT " AGREEMENT_COLUMNS(
        "t.") "\n"
              "FROM bmt_payment.agreement_templates AS t FORCE INDEX (uq_agreement_templates_version)\n"
              "LEFT JOIN bmt_payment.agreement_templates AS later\n" /* versions have no gaps */
              "    ON later.biz_id = t.biz_id AND later.code = t.code AND later.version = t.version + 1\n"
              "WHERE later.agreement_template_id IS NULL AND t.biz_id IN ({keys})",
    .keys = SQL_COLUMNS(id_columns),
    .results = SQL_COLUMNS(agreement_columns),
    .result_size = sizeof(struct agreement_row),
};
static const struct sql_stmt AGREEMENT_LIST = {
    .name = "agreement_list",
    .module = MODULE_PAYMENT,
    .text = "SELECT " AGREEMENT_COLUMNS(
        "") "\n"
            "FROM bmt_payment.agreement_templates FORCE INDEX (ix_agreement_templates_business)\n"
            "WHERE biz_id = ? AND agreement_template_id < ?\n"
            "ORDER BY agreement_template_id DESC\n"
            "LIMIT ?",
    .params = SQL_COLUMNS(list_columns),
    .results = SQL_COLUMNS(agreement_columns),
    .result_size = sizeof(struct agreement_row),
};
static const struct sql_stmt AGREEMENT_LIST_OF_CODE = {
    .name = "agreement_list_of_code",
    .module = MODULE_PAYMENT,
    .text = "SELECT " AGREEMENT_COLUMNS(
        "") "\n"
            "FROM bmt_payment.agreement_templates FORCE INDEX (uq_agreement_templates_version)\n"
            "WHERE biz_id = ? AND code = ? AND agreement_template_id < ?\n"
            "ORDER BY agreement_template_id DESC\n" /* an agreement has few versions */
            "LIMIT ?",
    .params = SQL_COLUMNS(list_of_code_columns),
    .results = SQL_COLUMNS(agreement_columns),
    .result_size = sizeof(struct agreement_row),
};
static const struct sql_stmt HEAD_FIND = {
    .name = "agreement_head_find",
    .module = MODULE_PAYMENT,
    .text = "SELECT agreement_template_id, text_no, locale, OCTET_LENGTH(text), text_sha256\n"
            "FROM bmt_payment.agreement_texts\n"
            "WHERE agreement_template_id IN ({keys})\n"
            "ORDER BY agreement_template_id, text_no",
    .keys = SQL_COLUMNS(id_columns),
    .results = SQL_COLUMNS(head_columns),
    .result_size = sizeof(struct agreement_text_head),
};
static const struct sql_stmt TEXT_FIND = {
    .name = "agreement_text_find",
    .module = MODULE_PAYMENT,
    .text = "SELECT " TEXT_COLUMNS "\n"
            "FROM bmt_payment.agreement_texts\n"
            "WHERE (agreement_template_id, text_no) IN ({keys})",
    .keys = SQL_COLUMNS(text_key_columns),
    .results = SQL_COLUMNS(text_columns),
    .result_size = sizeof(struct agreement_text_row),
};
static const struct sql_stmt SUBJECT_FIND = {
    .name = "agreement_subject_find",
    .module = MODULE_PAYMENT,
    .text = "SELECT agreement_template_id, subject_id, kind, biz_id\n"
            "FROM bmt_payment.agreement_subjects\n"
            "WHERE agreement_template_id IN ({keys})\n"
            "ORDER BY agreement_template_id, subject_id",
    .keys = SQL_COLUMNS(id_columns),
    .results = SQL_COLUMNS(subject_columns),
    .result_size = sizeof(struct agreement_subject_row),
};
static const struct sql_stmt VERSION_FIND = {
    .name = "agreement_version_find",
    .module = MODULE_PAYMENT,
    .text = "SELECT biz_id, version\n"
            "FROM bmt_payment.agreement_versions\n"
            "WHERE biz_id IN ({keys})",
    .keys = SQL_COLUMNS(id_columns),
    .results = SQL_COLUMNS(version_columns),
    .result_size = sizeof(struct agreement_version),
};
static const struct sql_stmt VERSION_COUNT = {
    .name = "agreement_version_count",
    .module = MODULE_PAYMENT,
    .text = "INSERT INTO bmt_payment.agreement_versions (biz_id, version)\n"
            "VALUES (?, 1)\n"
            "ON DUPLICATE KEY UPDATE version = version + 1",
    .params = SQL_COLUMNS(id_columns),
};

int payment_store_insert_agreements(struct tx *tx, const struct agreement_row *rows, size_t n, struct err *err)
{
    return sql_write(tx, &AGREEMENT_INSERT, rows, n, sizeof *rows, NULL, err);
}

int payment_store_insert_agreement_texts(struct tx *tx, const struct agreement_text_row *rows, size_t n,
                                         struct err *err)
{
    return sql_write(tx, &TEXT_INSERT, rows, n, sizeof *rows, NULL, err);
}

int payment_store_insert_agreement_subjects(struct tx *tx, const struct agreement_subject_row *rows, size_t n,
                                            struct err *err)
{
    return sql_write(tx, &SUBJECT_INSERT, rows, n, sizeof *rows, NULL, err);
}

int payment_store_find_agreements(struct tx *tx, const struct payment_key *keys, size_t n, struct arena *arena,
                                  struct agreement_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &AGREEMENT_FIND, NULL, keys, n, sizeof *keys, arena, ret_rows, ret_n, err);
}

int payment_store_find_newest_agreements(struct tx *tx, const int64_t *biz_ids, size_t n, struct arena *arena,
                                         struct agreement_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &AGREEMENT_FIND_NEWEST, NULL, biz_ids, n, sizeof *biz_ids, arena, ret_rows, ret_n, err);
}

int payment_store_list_agreements(struct tx *tx, int64_t biz_id, const char *code, const struct page *page,
                                  struct arena *arena, struct agreement_row **ret_rows, size_t *ret_n, struct err *err)
{
    const struct list_params params = {.biz_id = biz_id,
                                       .code = code,
                                       .before_id = page->after_id != 0 ? page->after_id : INT64_MAX,
                                       .limit = page->size + 1};

    return sql_select(tx, code[0] != '\0' ? &AGREEMENT_LIST_OF_CODE : &AGREEMENT_LIST, &params, arena, ret_rows, ret_n,
                      err);
}

int payment_store_find_agreement_heads(struct tx *tx, const int64_t *template_ids, size_t n, struct arena *arena,
                                       struct agreement_text_head **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &HEAD_FIND, NULL, template_ids, n, sizeof *template_ids, arena, ret_rows, ret_n, err);
}

int payment_store_find_agreement_texts(struct tx *tx, const struct agreement_text_key *keys, size_t n,
                                       struct arena *arena, struct agreement_text_row **ret_rows, size_t *ret_n,
                                       struct err *err)
{
    return sql_select_in(tx, &TEXT_FIND, NULL, keys, n, sizeof *keys, arena, ret_rows, ret_n, err);
}

int payment_store_find_agreement_subjects(struct tx *tx, const int64_t *template_ids, size_t n, struct arena *arena,
                                          struct agreement_subject_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &SUBJECT_FIND, NULL, template_ids, n, sizeof *template_ids, arena, ret_rows, ret_n, err);
}

int payment_store_find_agreement_versions(struct tx *tx, const int64_t *biz_ids, size_t n, struct arena *arena,
                                          struct agreement_version **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &VERSION_FIND, NULL, biz_ids, n, sizeof *biz_ids, arena, ret_rows, ret_n, err);
}

int payment_store_count_agreements(struct tx *tx, const int64_t *biz_ids, size_t n, struct err *err)
{
    return sql_write(tx, &VERSION_COUNT, biz_ids, n, sizeof *biz_ids, NULL, err);
}
