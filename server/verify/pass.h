/*
 * A pass of verify: a table's keys in ranges, shared by threads, each range checked by itself; then the suspects once
 * more, alone. For this room alone.
 */
#ifndef BMT_VERIFY_PASS_H
#define BMT_VERIFY_PASS_H

#include <pthread.h>

#include "verify/rows.h"

enum { PASS_RANGE = 8192, SUSPECTS_MAX = 100000, THREADS_MAX = 8 };

/* What the threads of a run work with, kept from pass to pass: to connect costs more than a small pass. */
struct crew {
    unsigned n;
    struct {
        struct session *session;
        struct arena *arena; /* empty between ranges */
    } seats[THREADS_MAX];
};

struct crew crew_begin(const struct verify *verify);
void crew_end(struct crew *crew);

struct suspect {
    int64_t id;
    bool is_cleared;
};

struct account_days;

struct pass {
    const struct verify *verify;
    struct crew *crew;
    const char *name;
    enum verify_pass which;
    enum module module;
    const char *table; /* `bmt_order.orders` */
    const char *key;   /* its primary key, by which the ranges go */
    /* Checks the rows with keys in (after, upto]. 0 or -1. */
    int (*check)(struct worker *worker, int64_t after, int64_t upto);
    int64_t before;            /* the first range begins after this key */
    struct account_days *days; /* of the chains' first look; NULL: nobody adds them up */

    pthread_mutex_t lock;
    int64_t next;  /* ranges begin after this key */
    int64_t last;  /* the largest key when the pass began */
    int64_t first; /* for the share of progress */
    bool is_done;
    bool has_failed;
    int64_t n_keys;
    int64_t n_rows;
    struct arena *arena; /* the lists below grow in it, under the lock */
    struct suspect *suspects;
    size_t n_suspects;
    size_t suspects_room;
    bool is_first_look; /* counts and sums are taken */
    bool is_last_look;  /* findings are certain now */
    size_t n_found;     /* in the range at hand */
    struct verify_report *report;
    struct verify_money *money; /* sums over the first look; under the lock */
    size_t n_money;
    size_t money_room;
};

/* Whether the caller wants no more. */
bool pass_stops(const struct verify *verify);

/* The pause before suspects are looked at again. */
void pass_pause(const struct verify *verify);

/* Runs the pass with all its looks. 0 or -1. */
int pass_run(struct pass *pass, struct arena *arena) MUST_CHECK;

/* A row that disagrees: a suspect at first, a finding at the last look. `key` is of the pass's table. */
void pass_found(struct worker *worker, int64_t key, const struct finding *finding);
#define found(worker, key, found_kind, business, of_kind, of_id, ...)                                 \
    do {                                                                                              \
        struct finding finding_ = {                                                                   \
            .kind = FINDING_##found_kind, .biz_id = (business), .id_kind = (of_kind), .id = (of_id)}; \
        snprintf(finding_.what, sizeof finding_.what, __VA_ARGS__);                                   \
        pass_found((worker), (key), &finding_);                                                       \
    } while (0)

/* Counts rows of the pass's table; the first look alone counts. */
void pass_count(struct worker *worker, size_t n);

/* Adds to the sums of a business and currency; the first look alone counts. */
void pass_add_money(struct worker *worker, int64_t biz_id, const char *currency, int64_t in_minor, int64_t out_minor);

/* The passes over ranges, and the two looks at whole tables. */
extern const struct pass orders_pass, payments_pass, refunds_pass, statements_pass, chains_pass, payouts_pass,
    adjustments_pass, partner_statements_pass, disputes_pass;

/* The transfers of payments and of refunds, in a range of their ids (transfers.c). 0 or -1. */
int transfers_check_payments(struct worker *worker, int64_t after, int64_t upto, const struct payment_seen *payments,
                             size_t n) MUST_CHECK;
int transfers_check_refunds(struct worker *worker, int64_t after, int64_t upto, const struct refund_seen *refunds,
                            size_t n) MUST_CHECK;
/* The sums of the ledger's days against its postings. 0 or -1. */
int account_days_check(struct worker *worker, struct verify_report *report) MUST_CHECK;
/* The chains' rows against their last transfers (chain_heads.c). 0 or -1. */
int chain_heads_check(struct worker *worker, struct verify_report *report) MUST_CHECK;
/* Payments and refunds of a range that the channels' statements should have (statements.c). 0 or -1. */
int statements_check_payments(struct worker *worker, int64_t after, int64_t upto) MUST_CHECK;
int statements_check_refunds(struct worker *worker, int64_t after, int64_t upto) MUST_CHECK;
/* The lines of payouts in a range of lines, and payouts of a range that should have one (payout_lines.c). 0 or -1. */
int payout_lines_check(struct worker *worker, int64_t after, int64_t upto) MUST_CHECK;
int payout_lines_check_payouts(struct worker *worker, int64_t after, int64_t upto) MUST_CHECK;
/* Kept replies against the histories of their orders. 0 or -1. */
int replies_check(const struct verify *verify, struct arena *arena, struct verify_report *report) MUST_CHECK;
int stocks_check(struct worker *worker) MUST_CHECK;
int transactions_check(struct worker *worker, struct verify_report *report) MUST_CHECK;

#endif
