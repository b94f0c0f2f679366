/* Partners' statements as verify reads them, and the entries in one of them (statement_entries.c). For this room alone.
 */
#ifndef BMT_VERIFY_PARTNER_STATEMENTS_H
#define BMT_VERIFY_PARTNER_STATEMENTS_H

#include "verify/pass.h"

/* A statement, the one before it in its series (0: none), the one that took its total over, and its last payout. */
struct partner_statement_seen {
    int64_t id, biz_id, partner_id, seq, from_ms, to_ms, state, version, entry_count, entries, last_entry_id, carried;
    int64_t total, carried_from_id, carried_to_id, needed, payout_id, close_ms;
    int64_t before_id, before_to_ms, before_state, before_needed, before_total, before_carried_to_id;
    int64_t is_taken_over; /* carried_to_id names a statement that names this one */
    int64_t payout_state, payout_amount, payout_statement_id, payout_partner_id;
    char currency[CURRENCY_SIZE];
    const char *root; /* hexadecimal digits */
};

/* Sums and hashes of the statement's entries against what it and its chunks say; one entry at a time. 0 or -1. */
int statement_entries_check(struct worker *worker, const struct partner_statement_seen *s) MUST_CHECK;

#endif
