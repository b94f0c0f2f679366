/* Leaves, totals and approvals of statements; see rules_statement.h. */
#include "settlement/rules_statement.h"

#include <stdio.h>

#include "base/err.h"
#include "base/id.h"
#include "base/merkle.h"
#include "settlement/state.h"

size_t statement_leaf(const struct clearing_entry_row *entry, char text[STATEMENT_LEAF_SIZE])
{
    static const char *const kinds[] = {"UNSPECIFIED", "SALE", "REVERSAL", "ADJUSTMENT", "DISPUTE"};
    int size;

    PRE(entry->kind >= ENTRY_SALE && entry->kind <= ENTRY_DISPUTE);
    size = snprintf(text, STATEMENT_LEAF_SIZE, "%s %s %s %d %s %s %lld", id_show(ID_ENTRY, entry->entry_id),
                    id_show(ID_PARTNER, entry->partner_id),
                    entry->order_id != 0 ? id_show(ID_ORDER, entry->order_id) : "-", (int)entry->line_no,
                    kinds[entry->kind], entry->currency, (long long)entry->amount_minor);
    POST(size > 0 && size < STATEMENT_LEAF_SIZE);
    return (size_t)size;
}

void statement_chunk_hash(const struct clearing_entry_row *entries, size_t n, uint8_t ret_hash[SHA256_SIZE])
{
    struct merkle tree = {0};

    for (size_t i = 0; i < n; i++) {
        char leaf[STATEMENT_LEAF_SIZE];

        merkle_add(&tree, leaf, statement_leaf(&entries[i], leaf));
    }
    merkle_root(&tree, ret_hash);
}

int statement_take(struct partner_statement_row *row, const struct clearing_entry_row *entries, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        PRE(entries[i].entry_id > row->last_entry_id);
        if (__builtin_add_overflow(row->entries_minor, entries[i].amount_minor, &row->entries_minor))
            return ERR_AMOUNT_OVERFLOW;
        row->last_entry_id = entries[i].entry_id;
        row->entry_count++;
    }
    return 0;
}

int64_t statement_carry(const struct partner_statement_row *last)
{
    return last != NULL && last->state == STATEMENT_CLOSED && last->approvals_needed == 0 ? last->total_minor : 0;
}

int statement_add_up(struct partner_statement_row *row, struct partner_statement_row *last, int64_t threshold_minor,
                     int64_t one_approval_max_minor)
{
    row->carried_minor = statement_carry(last);
    if (__builtin_add_overflow(row->entries_minor, row->carried_minor, &row->total_minor))
        return ERR_AMOUNT_OVERFLOW;
    if (row->carried_minor != 0) {
        row->carried_from_id = last->statement_id;
        last->carried_to_id = row->statement_id;
    }
    row->approvals_needed = statement_approvals_needed(row->total_minor, threshold_minor, one_approval_max_minor);
    return 0;
}

int64_t statement_payout(const struct partner_statement_row *row)
{
    return row->state == STATEMENT_PAID || row->state == STATEMENT_PAYING ? row->payout_id : 0;
}

int32_t statement_approvals_needed(int64_t total_minor, int64_t threshold_minor, int64_t one_approval_max_minor)
{
    if (total_minor <= 0 || total_minor < threshold_minor)
        return 0;
    return total_minor > one_approval_max_minor ? 2 : 1;
}
