/*
 * Verify: recomputes from the rows alone that nothing was lost, doubled or guessed. It uses none of the services' code
 * but the tables of states, so that it does not share a mistake with them, and it reads each module by itself, since
 * they may live on different servers.
 *
 * It runs beside the live system: rows of one order are read at slightly different moments, so what disagrees at first
 * is a suspect; suspects are looked at again, alone, some seconds long, and told only if they still disagree.
 *
 * Not here: how findings are shown (clients/cli/verify.c), what is done about them (reconciliation).
 */
#ifndef BMT_VERIFY_VERIFY_H
#define BMT_VERIFY_VERIFY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/id.h"
#include "base/money.h"
#include "sql/db.h"

enum finding_kind {
#define FINDING(id, repair, sentence) FINDING_##id,
#include "verify/findings.def"
#undef FINDING
    FINDING_COUNT,
};

enum repair {
    REPAIR_NONE, /* someone must look */
    REPAIR_APPLY_PAYMENT,
    REPAIR_REFUND_LATE,
    REPAIR_FULFIL,
    REPAIR_SETTLE_HOLD,
    REPAIR_GRANT,
    REPAIR_RECALL,
    REPAIR_APPLY_STATEMENT,
};

/* Where a finding was made; stored with breaks, so numbers are never reused. */
enum verify_pass {
    VERIFY_ORDERS = 1, /* keys are order ids */
    VERIFY_PAYMENTS = 2,
    VERIFY_REFUNDS = 3,
    VERIFY_STATEMENTS = 4, /* keys are ids of statement lines */
    VERIFY_STOCKS = 5,     /* as a whole, without keys */
    VERIFY_TRANSACTIONS = 6,
    VERIFY_CHAINS = 7,       /* as a whole */
    VERIFY_ACCOUNT_DAYS = 8, /* as a whole, without keys */
    VERIFY_CLEARINGS = 9,    /* of breaks made before VERIFY_ORDERS looked at clearings, too */
    VERIFY_PAYOUTS = 10,
    VERIFY_ADJUSTMENTS = 11,
    VERIFY_PARTNER_STATEMENTS = 12,
    VERIFY_DISPUTES = 13,
    VERIFY_TRANSFERS = 14,
};

struct finding_info {
    const char *name;
    enum repair repair;
    const char *sentence;
};
const struct finding_info *finding_info(enum finding_kind kind);
const char *repair_name(enum repair repair);
/* The kind of that name; FINDING_COUNT when there is none. */
enum finding_kind finding_kind_of(const char *name);
/* All kinds as a table, for docs/breaks.md. */
void finding_write_markdown(FILE *out);

enum { FINDING_TEXT_SIZE = 160 };

/* One row, or group of rows, that disagrees. */
struct finding {
    enum finding_kind kind;
    int64_t biz_id;
    enum id_kind id_kind;
    int64_t id;                   /* 0 where `what` alone tells */
    char what[FINDING_TEXT_SIZE]; /* what was expected and what is there */
    enum verify_pass pass;        /* where it was made, and under which key: to look again */
    int64_t key;
};

/* Money of one business in one currency, recomputed. */
struct verify_money {
    int64_t biz_id;
    char currency[CURRENCY_SIZE];
    int64_t in_minor;  /* payments that succeeded */
    int64_t out_minor; /* refunds that succeeded */
};

struct verify_report {
    int64_t n_orders;
    int64_t n_payments;
    int64_t n_refunds;
    int64_t n_skus;
    int64_t n_statement_lines;
    int64_t n_transfers;    /* of the ledger */
    int64_t n_transactions; /* global ones whose proof is kept */
    int64_t n_foreign;      /* prepared branches of other programs */
    int64_t n_rows;
    int64_t n_rechecked;
    int64_t by_kind[FINDING_COUNT];
    int64_t n_findings;
    struct verify_money *money;
    size_t n_money;
};

struct verify {
    struct db *db;
    unsigned threads;
    int recheck_ms;  /* pause before suspects are looked at again */
    int recheck_max; /* how often */
    /* What was created before is not looked at; kept replies, chains and account days are left out. 0: everything. */
    int64_t from_ms;
    FILE *problems;
    /* Asked between ranges, from any thread; NULL: never stops. */
    bool (*stops)(void *context);
    /* Told once a finding is certain; from the calling thread. `progress` may be NULL. */
    void (*tell)(void *context, const struct finding *finding);
    void (*progress)(void *context, const char *pass, double share, int64_t n_rows);
    void *context;
};

/*
 * 0: everything was looked at, `ret_report` tells what was found. -1: a database could not be read (told on problems),
 * or `stops` said so.
 */
int verify_run(const struct verify *verify, struct arena *arena, struct verify_report *ret_report) MUST_CHECK;

/* One look at one key of a pass (at all of it where it has none): tells what disagrees there now. 0 or -1. */
int verify_look(const struct verify *verify, enum verify_pass pass, int64_t key) MUST_CHECK;

#endif
