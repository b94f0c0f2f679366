/* Leaves and approvals of statements; see rules_statement.h. */
#include "settlement/rules_statement.h"

#include <stdio.h>

#include "base/id.h"

size_t statement_leaf(const struct clearing_entry_row *entry, char text[STATEMENT_LEAF_SIZE])
{
    static const char *const kinds[] = {"UNSPECIFIED", "SALE", "REVERSAL", "ADJUSTMENT"};
    int size;

    PRE(entry->kind >= ENTRY_SALE && entry->kind <= ENTRY_ADJUSTMENT);
    size = snprintf(text, STATEMENT_LEAF_SIZE, "%s %s %s %d %s %s %lld", id_show(ID_ENTRY, entry->entry_id),
                    id_show(ID_PARTNER, entry->partner_id),
                    entry->order_id != 0 ? id_show(ID_ORDER, entry->order_id) : "-", (int)entry->line_no,
                    kinds[entry->kind], entry->currency, (long long)entry->amount_minor);
    POST(size > 0 && size < STATEMENT_LEAF_SIZE);
    return (size_t)size;
}

int32_t statement_approvals_needed(int64_t total_minor, int64_t threshold_minor, int64_t one_approval_max_minor)
{
    if (total_minor <= 0 || total_minor < threshold_minor)
        return 0;
    return total_minor > one_approval_max_minor ? 2 : 1;
}
