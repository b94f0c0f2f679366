/*
 * Sold lines, disputes, statements and payouts in memory: random steps, each made by the server's own pure functions,
 * the books that their transfers add up to, and what must hold after each step by everything else that is known.
 *
 * money_lines.c sells, clears, refunds and disputes; money_payouts.c closes statements and pays them; money_world.c
 * judges, and knows nothing of how shares, totals and transfers come about.
 */
#ifndef BMT_TESTS_LIB_MONEY_WORLD_H
#define BMT_TESTS_LIB_MONEY_WORLD_H

#include "settlement/ops_clearing.h"
#include "settlement/ops_dispute.h"
#include "settlement/ops_payout.h"
#include "settlement/ops_statement.h"

enum {
    WORLD_BIZ = 1,
    WORLD_CURRENCIES = 3, /* JPY, EUR, KWD: of 0, 2 and 3 decimals */
    WORLD_PARTNERS = 3,   /* 1 to 3 */
    WORLD_CHANNELS = 2,   /* 1 and 2 */
    WORLD_SUBJECTS = 1 + WORLD_PARTNERS,
    WORLD_ORDERS = 4,
    WORLD_LINES = 3, /* of an order */
    WORLD_ENTRIES = 256,
    WORLD_STATEMENTS = 32,
    WORLD_PAYOUTS = 32,
    WORLD_SOURCES = 256,
};

extern const char *const world_currencies[WORLD_CURRENCIES];

/* What has happened in all worlds of a run. */
enum happened {
    HAPPENED_SOLD,
    HAPPENED_CLEARED,
    HAPPENED_REFUNDED_BEFORE,
    HAPPENED_REFUNDED_AFTER,
    HAPPENED_BORNE_AS_SAID,
    HAPPENED_DISPUTED,
    HAPPENED_DISPUTE_FEE,
    HAPPENED_DISPUTE_FEE_BACK,
    HAPPENED_DISPUTE_WON,
    HAPPENED_DISPUTE_LOST_BEFORE,
    HAPPENED_DISPUTE_LOST_AFTER,
    HAPPENED_CLOSED_STATEMENT,
    HAPPENED_CARRIED,
    HAPPENED_CARRIED_DEBT,
    HAPPENED_PROVEN,
    HAPPENED_PAID_AGAIN,
    HAPPENED_PAYOUT_BEGUN,
    HAPPENED_PAYOUT_PAID,
    HAPPENED_PAYOUT_NOT_PAID,
    HAPPENED_PAYOUT_BACK,
    HAPPENED_CLAWED_BACK,
    HAPPENED_COUNT,
};
extern const char *const happened_names[HAPPENED_COUNT];

/* What stands beside a line's row. */
struct world_line {
    struct dispute_row dispute; /* the last one; its state tells whether it is open */
    int64_t dispute_fees_minor; /* that channels kept for its disputes */
    bool was_borne_as_said;     /* somebody may have given more than he had */
};

struct world_order {
    size_t currency;
    struct split_rule_row rule;
    struct split_part_row parts[SPLIT_PARTS_MAX];
    size_t n_parts;
    struct clearing_row rows[WORLD_LINES];
    struct world_line lines[WORLD_LINES];
    size_t n_lines;
};

/* Debits less credits. */
typedef int64_t world_books[ACCOUNT_KIND_COUNT][WORLD_SUBJECTS][WORLD_CURRENCIES];

/* What a transfer is of: each is posted once. */
struct world_source {
    enum transfer_kind kind;
    int64_t id;
    int32_t no;
};

/* Ids of orders and statements are their places, from 1 on. */
struct world {
    struct partner_row partners[WORLD_PARTNERS];
    struct world_order orders[WORLD_ORDERS];
    size_t n_orders;
    struct clearing_entry_row entries[WORLD_ENTRIES];
    int64_t paid_by[WORLD_ENTRIES]; /* the payout that has paid the entry, or is at it; 0: none */
    size_t n_entries;
    struct partner_statement_row statements[WORLD_STATEMENTS];
    size_t n_statements;
    struct payout_row payouts[WORLD_PAYOUTS];
    size_t n_payouts;
    world_books books;
    struct world_source sources[WORLD_SOURCES];
    size_t n_sources;
    int64_t last_id;    /* of what is neither an order nor a statement nor an entry */
    struct batch batch; /* arena and time; without a transaction */
    uint64_t random;
    const char *wrong;                /* the first thing that was; NULL: nothing */
    int64_t happened[HAPPENED_COUNT]; /* goes on from world to world */
};

/* Nothing is there but partners, each with a threshold of its own and, perhaps, a time to hold back; by the seed. */
void world_begin(struct world *w, uint64_t seed);

/* From 0 to max, inclusive; whether it is one case in n; at least 1, of any size: as many small ones as large ones. */
int64_t random_up_to(struct world *w, int64_t max);
bool one_in(struct world *w, int64_t n);
int64_t random_amount(struct world *w);

/* Steps; what cannot be done is left. PRE: something was sold. The last one is the channel's word on a payout. */
void world_sell(struct world *w);
void world_clear(struct world *w);
void world_refund(struct world *w);
void world_dispute(struct world *w); /* opened, won or lost */
void world_settle(struct world *w);
void world_begin_payout(struct world *w);
void world_hear(struct world *w);

size_t world_currency(const char *currency);

/* The partner's last statement in the currency; NULL: none. */
struct partner_statement_row *world_last_statement(struct world *w, int64_t partner_id, const char *currency);

/* Notes that the payout (0: none) has what is in the statement, and what was carried to it. */
void world_pay(struct world *w, const struct partner_statement_row *statement, int64_t payout_id);

/* Notes what is wrong, if it is not so. */
void world_expect(struct world *w, bool is_so, const char *what);

/*
 * Adds transfers to the books, each of which must balance and be the first of its source; and new entries (NULL: none),
 * each of which, where it takes back what was paid, must be linked with that payout.
 */
void world_finish(struct world *w, const struct transfers *transfers, const struct new_entries *made);

/* No unit is lost: lines, statements, payouts and books agree, and each account is on its side. */
void world_check(struct world *w);

#endif
