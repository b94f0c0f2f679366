/* What a leaf of a statement's tree is made of, and how many persons approve how much. Pure. */
#ifndef BMT_SETTLEMENT_RULES_STATEMENT_H
#define BMT_SETTLEMENT_RULES_STATEMENT_H

#include "settlement/store_clearing.h"

enum { STATEMENT_LEAF_SIZE = 160 };

/*
 * `ent_... ptn_... ord_... LINE KIND CURRENCY AMOUNT`, so that anybody can read what was proven; without an order `-`.
 * Writes at most STATEMENT_LEAF_SIZE bytes with the NUL, and returns the length without it.
 */
size_t statement_leaf(const struct clearing_entry_row *entry, char text[STATEMENT_LEAF_SIZE]);

/* 0: nothing is paid, the total is carried. */
int32_t statement_approvals_needed(int64_t total_minor, int64_t threshold_minor, int64_t one_approval_max_minor);

#endif
