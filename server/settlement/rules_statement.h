/*
 * What is in a statement: its leaves and their hashes, its total, what it leaves to the next one; how many persons
 * approve how much. Pure; rows are changed in memory.
 */
#ifndef BMT_SETTLEMENT_RULES_STATEMENT_H
#define BMT_SETTLEMENT_RULES_STATEMENT_H

#include "settlement/store_clearing.h"
#include "settlement/store_statement.h"

enum { STATEMENT_LEAF_SIZE = 160 };

/*
 * `ent_... ptn_... ord_... LINE KIND CURRENCY AMOUNT`, so that anybody can read what was proven; without an order `-`.
 * Writes at most STATEMENT_LEAF_SIZE bytes with the NUL, and returns the length without it.
 */
size_t statement_leaf(const struct clearing_entry_row *entry, char text[STATEMENT_LEAF_SIZE]);

/* The hash of a chunk of entries: the root of the tree of their leaves. */
void statement_chunk_hash(const struct clearing_entry_row *entries, size_t n, uint8_t ret_hash[SHA256_SIZE]);

/* Counts more entries, by id, in. 0, or ERR_AMOUNT_OVERFLOW. */
int statement_take(struct partner_statement_row *row, const struct clearing_entry_row *entries, size_t n) MUST_CHECK;

/* What a statement leaves to the next one: a total, of either sign, that is not paid. NULL: there is none before. */
int64_t statement_carry(const struct partner_statement_row *last);

/*
 * All entries are in: the total, with what the statement before it (NULL: none) leaves, and how many approvals it
 * needs. What is carried links the two. 0, or ERR_AMOUNT_OVERFLOW.
 */
int statement_add_up(struct partner_statement_row *row, struct partner_statement_row *last, int64_t threshold_minor,
                     int64_t one_approval_max_minor) MUST_CHECK;

/* The payout that has paid what is in the statement, or is at it; 0: none. What is carried is the next one's. */
int64_t statement_payout(const struct partner_statement_row *row);

/* 0: nothing is paid, the total is carried. */
int32_t statement_approvals_needed(int64_t total_minor, int64_t threshold_minor, int64_t one_approval_max_minor);

#endif
