/*
 * Rows of agreements: templates with their texts and what they go with, and who has accepted them. Rows are inserted
 * and never changed. All functions return 0 or an error of sql/sql.h.
 */
#ifndef BMT_PAYMENT_STORE_AGREEMENT_H
#define BMT_PAYMENT_STORE_AGREEMENT_H

#include "base/crypto.h"
#include "payment/store.h"

/* The numbers of bmt.payment.v1.AgreementDemand. */
enum agreement_demand { AGREEMENT_SHOWN = 1, AGREEMENT_REQUIRED = 2, AGREEMENT_WITHDRAWN = 3 };

enum agreement_subject { AGREEMENT_OF_SPU = 1, AGREEMENT_OF_SKU = 2 };

/* A version of an agreement. */
struct agreement_row {
    int64_t agreement_template_id;
    int64_t biz_id;
    const char *code;
    int32_t version;
    int32_t demand;
    const char *created_by;
    int64_t create_time_ms;
};

struct agreement_text_row {
    int64_t agreement_template_id;
    int32_t text_no;
    int64_t biz_id;
    const char *locale;
    const char *title;
    const char *text;
    uint8_t text_sha256[SHA256_SIZE];
};

/* The same without the text, which is long. */
struct agreement_text_head {
    int64_t agreement_template_id;
    int32_t text_no;
    const char *locale;
    int64_t size; /* bytes of the text */
    uint8_t text_sha256[SHA256_SIZE];
};

struct agreement_text_key {
    int64_t agreement_template_id;
    int32_t text_no;
};

struct agreement_subject_row {
    int64_t agreement_template_id;
    int64_t subject_id;
    int32_t kind;
    int64_t biz_id;
};

struct agreement_version {
    int64_t biz_id;
    int64_t version;
};

struct acceptance_row {
    int64_t acceptance_id;
    int64_t biz_id;
    const char *user_id;
    int64_t agreement_template_id;
    const char *code;
    int32_t version;
    const char *locale;
    uint8_t text_sha256[SHA256_SIZE];
    int64_t order_id; /* 0: none */
    const char *actor;
    struct sql_bytes token_sha256; /* empty: told by an API key */
    int64_t create_time_ms;
};

struct acceptance_key {
    int64_t biz_id;
    const char *user_id;
    int64_t agreement_template_id;
};

/* Which acceptances of a business; empty texts: all. */
struct acceptance_filter {
    int64_t biz_id;
    const char *user_id;
    const char *code;
};

int payment_store_insert_agreements(struct tx *tx, const struct agreement_row *rows, size_t n,
                                    struct err *err) MUST_CHECK;
int payment_store_insert_agreement_texts(struct tx *tx, const struct agreement_text_row *rows, size_t n,
                                         struct err *err) MUST_CHECK;
int payment_store_insert_agreement_subjects(struct tx *tx, const struct agreement_subject_row *rows, size_t n,
                                            struct err *err) MUST_CHECK;
int payment_store_find_agreements(struct tx *tx, const struct payment_key *keys, size_t n, struct arena *arena,
                                  struct agreement_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* The newest version of each code of these businesses, withdrawn ones too. */
int payment_store_find_newest_agreements(struct tx *tx, const int64_t *biz_ids, size_t n, struct arena *arena,
                                         struct agreement_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* Newest first; code empty: of all. */
int payment_store_list_agreements(struct tx *tx, int64_t biz_id, const char *code, const struct page *page,
                                  struct arena *arena, struct agreement_row **ret_rows, size_t *ret_n,
                                  struct err *err) MUST_CHECK;
/* By template and text_no. */
int payment_store_find_agreement_heads(struct tx *tx, const int64_t *template_ids, size_t n, struct arena *arena,
                                       struct agreement_text_head **ret_rows, size_t *ret_n,
                                       struct err *err) MUST_CHECK;
int payment_store_find_agreement_texts(struct tx *tx, const struct agreement_text_key *keys, size_t n,
                                       struct arena *arena, struct agreement_text_row **ret_rows, size_t *ret_n,
                                       struct err *err) MUST_CHECK;
/* By template and subject. */
int payment_store_find_agreement_subjects(struct tx *tx, const int64_t *template_ids, size_t n, struct arena *arena,
                                          struct agreement_subject_row **ret_rows, size_t *ret_n,
                                          struct err *err) MUST_CHECK;

/* How often the agreements of these businesses have changed; those that have none are left out. */
int payment_store_find_agreement_versions(struct tx *tx, const int64_t *biz_ids, size_t n, struct arena *arena,
                                          struct agreement_version **ret_rows, size_t *ret_n,
                                          struct err *err) MUST_CHECK;
/* Counts one change more of each; `biz_ids` are sorted and distinct. */
int payment_store_count_agreements(struct tx *tx, const int64_t *biz_ids, size_t n, struct err *err) MUST_CHECK;

/* A version that the user has accepted by now is a conflict. */
int payment_store_insert_acceptances(struct tx *tx, const struct acceptance_row *rows, size_t n,
                                     struct err *err) MUST_CHECK;
int payment_store_find_acceptances(struct tx *tx, const struct acceptance_key *keys, size_t n, struct arena *arena,
                                   struct acceptance_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* Newest first. */
int payment_store_list_acceptances(struct tx *tx, const struct acceptance_filter *filter, const struct page *page,
                                   struct arena *arena, struct acceptance_row **ret_rows, size_t *ret_n,
                                   struct err *err) MUST_CHECK;

#endif
