/*
 * Partners' statements: opening periods, gathering their entries, closing them; reads, approvals and proofs. For
 * service_statement.c, the jobs, and the flows that pay them (flows/pay_statement.h).
 *
 *   open_period, close_statement    a new statement, OPEN, from where the partner's last one ended
 *   gather_statement                a chunk of entries more; the last one closes the statement
 *
 * A statement is gathered after the one before it, which says what is carried. Entries that become payable while it is
 * gathered, or after, are the next one's. Lock order: statements by id, then entries.
 */
#ifndef BMT_SETTLEMENT_OPS_STATEMENT_H
#define BMT_SETTLEMENT_OPS_STATEMENT_H

#include "base/merkle.h"
#include "rpc/list.h"
#include "settlement/state.h"
#include "settlement/store_clearing.h"
#include "settlement/store_statement.h"
#include "sql/batch.h"

enum { STATEMENT_CHUNK = 4096 }; /* a power of two, for ever: proofs are made by it */

/* Above how much two persons must approve. Once, before the service starts. */
void statement_use_approval_limit(int64_t one_approval_max_minor);

/* A statement that a command is about. The caller sets the upper part. */
struct statement_ref {
    struct command *command;
    int64_t statement_id;

    struct partner_statement_row *row; /* shared by all references to the same statement */
};
/* Refuse with PARTNER_STATEMENT_NOT_FOUND; statement_lock locks the rows by id. */
int statement_lock(struct batch *batch, struct statement_ref *refs, size_t n, struct err *err) MUST_CHECK;
int statement_load(struct batch *batch, struct statement_ref *refs, size_t n, struct err *err) MUST_CHECK;
/* Whether the event is allowed from where it stands; else the command is refused. */
bool statement_allows(const struct partner_statement_row *row, enum statement_event event, struct command *command);

/* Moves as they gather; each changes its row in memory at once. */
struct statement_moves {
    struct partner_statement_row **rows;
    size_t n_rows;
    struct statement_event_row *events;
    size_t n_events;
};
struct statement_moves statement_moves_begin(size_t n_max, struct arena *arena);
/* PREs that the table allows the event. */
void statement_move_add(struct statement_moves *moves, struct partner_statement_row *row, enum statement_event event,
                        const char *actor, const char *detail, int64_t now_ms);
int statement_moves_write(struct batch *batch, const struct statement_moves *moves, struct err *err) MUST_CHECK;

/* Opens the period that ends at to_time_ms, or finds the statement that has. */
struct close_statement {
    struct command command;
    int64_t partner_id;
    char currency[CURRENCY_SIZE];
    int64_t to_time_ms;
    struct partner_statement_row row;
};
extern struct batch_plan close_statement_plan;

/* A partner's period is over: a statement if there is something for it, and the next period begins. */
struct open_period {
    struct command command; /* biz_id, actor */
    int64_t partner_id;
    bool is_zone_unknown; /* the next end could not be told: it is looked at again in a day */
    bool goes_on;         /* the next period is over, too */
};
extern struct batch_plan open_period_plan;

struct gather_statement {
    struct command command; /* biz_id, actor */
    int64_t statement_id;
    bool goes_on; /* there is more to gather */
};
extern struct batch_plan gather_statement_plan;

/* Of one statement. */
struct statement_approvals {
    const struct statement_approval_row *list;
    size_t n;
};
int statement_load_approvals(struct batch *batch, const int64_t *statement_ids, size_t n,
                             struct statement_approvals *ret, struct err *err) MUST_CHECK;

struct get_statement {
    struct command command;
    int64_t statement_id;
    struct partner_statement_row row;
    struct statement_approvals approvals;
};

struct list_statements {
    struct command command;
    struct list list;
    int64_t partner_id; /* 0: of all */
    struct partner_statement_row *rows;
    size_t n;
};

struct approve_statement {
    struct command command;
    int64_t statement_id;
    const char *reason;
    struct partner_statement_row row;
    struct statement_approvals approvals;
};

/* That an entry is in a statement; root empty: there is nothing to prove yet. */
struct entry_proof {
    struct clearing_entry_row entry;
    const char *leaf;
    int64_t index;
    int64_t tree_size;
    uint8_t (*path)[SHA256_SIZE];
    size_t n_path;
    struct sql_bytes root;
};
struct prove_order {
    struct command command;
    int64_t order_id;
    struct entry_proof *proofs;
    size_t n;
};

extern struct batch_plan get_statement_plan, list_statements_plan, approve_statement_plan, prove_order_plan;

#endif
