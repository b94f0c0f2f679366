/*
 * Agreements: what the cashier shows, what must be accepted before money is taken, and who has accepted it.
 *
 * Which agreements a business has now changes rarely and is asked for with every payment, so this process keeps what it
 * has read. Every change counts up the business's number of changes in the same transaction; who begins a payment reads
 * that number with the channel account, in its own transaction, and uses a copy only if it was read under this very
 * number. A business without agreements has no number, and nothing more is asked.
 */
#ifndef BMT_PAYMENT_OPS_AGREEMENT_H
#define BMT_PAYMENT_OPS_AGREEMENT_H

#include "payment/store_agreement.h"
#include "rpc/list.h"

/* Agreements of a business that are not withdrawn; their texts in one of its pages, and an order's, are bounded by it.
 */
enum { AGREEMENTS_MAX = 32, AGREEMENT_TEXTS_MAX = 16, AGREEMENT_SUBJECTS_MAX = 128 };

/* The newest version of an agreement. */
struct agreement {
    int64_t template_id;
    const char *code;
    int32_t version;
    int32_t demand;
    const int64_t *subject_ids; /* SPUs and SKUs that it goes with; none: it goes with all */
    size_t n_subjects;
};

/* The agreements that a command's user has yet to accept. The caller sets the upper part. */
struct agreement_look {
    struct command *command;
    const char *user_id;
    int64_t version; /* the business's number of changes, read in this transaction; 0: it has no agreements */
    bool only_required;

    struct agreement *list; /* by code */
    size_t n;
};

/*
 * The three steps of a look, each over the looks whose command is not done: what the business has; without what does
 * not go with these SPUs and SKUs (of one look); without what the user has accepted. payment_agreements_need_products:
 * the second step would leave something out.
 */
int payment_find_agreements(struct batch *batch, struct agreement_look *looks, size_t n, struct err *err) MUST_CHECK;
bool payment_agreements_need_products(const struct agreement_look *look);
void payment_match_agreements(struct agreement_look *look, const int64_t *product_ids, size_t n);
int payment_drop_accepted(struct batch *batch, struct agreement_look *looks, size_t n, struct err *err) MUST_CHECK;

/* The numbers of changes of commands' businesses. */
int payment_find_agreement_versions(struct batch *batch, struct agreement_look *looks, size_t n,
                                    struct err *err) MUST_CHECK;

/* A version with its text in one language, as it is shown. The caller sets the upper part. */
struct agreement_view {
    int64_t template_id;
    int64_t biz_id;
    const char *wanted; /* the language wanted; empty: the default */

    struct agreement_row row;
    struct agreement_text_row text;
    const char **locales;
    size_t n_locales;
    const struct agreement_subject_row *subjects;
    size_t n_subjects;
};

/*
 * Reads views. `ret_n`: those that were read, from the first on, which is all of them unless their texts are more than
 * `bytes_max`; one at least.
 */
int payment_load_agreement_views(struct batch *batch, struct agreement_view *views, size_t n, int64_t bytes_max,
                                 size_t *ret_n, struct err *err) MUST_CHECK;

/* Texts and subjects are given; the reply shows the first text. */
struct create_agreement {
    struct command command;
    const char *code;
    int32_t demand;
    struct agreement_text_row *texts; /* locale, title and text given */
    size_t n_texts;
    struct agreement_subject_row *subjects; /* kind and subject_id given */
    size_t n_subjects;

    struct agreement_view view;
};

/* The last step of creating: versions and limits, then the rows. What they go with was looked at before. */
int payment_create_agreements(struct batch *batch, struct err *err) MUST_CHECK;

struct list_agreements {
    struct command command;
    struct list list;
    const char *code; /* empty: of all */
    const char *locale;
    struct agreement_view *views;
    size_t n; /* as in other lists: one more than is shown when there are more */
};

struct accept_agreement {
    struct command command;
    int64_t template_id;
    const char *user_id;
    const char *locale; /* empty: the default */
    int64_t order_id;   /* 0: none */
    struct sql_bytes token_sha256;

    struct acceptance_row row;
};

/* The two ends of accepting: the version and its text; the rows, or those of before. */
int payment_find_accepted(struct batch *batch, struct err *err) MUST_CHECK;
int payment_record_acceptances(struct batch *batch, struct err *err) MUST_CHECK;

struct list_acceptances {
    struct command command;
    struct list list;
    struct acceptance_filter filter; /* without biz_id */
    struct acceptance_row *rows;
    size_t n;
};

extern struct batch_plan list_agreements_plan, list_acceptances_plan;

#endif
