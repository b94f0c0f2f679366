/*
 * Claw-backs; see ops_clearing.h. What is taken back of a share that was paid out is linked with the payout that had
 * paid it, or is at it. A share may have been carried to later statements before it was paid.
 */
#include "settlement/ops_clearing.h"
#include "settlement/ops_statement.h"
#include "settlement/rules_statement.h"

enum { CARRIED_MAX = 64 }; /* statements that are followed; of more, nothing is linked */

/* The payout that has paid what is in the statement; 0: none. */
static int find_payout(struct batch *batch, int64_t statement_id, int64_t biz_id, int64_t *ret_payout_id,
                       struct err *err)
{
    struct settlement_key key = {.id = statement_id, .biz_id = biz_id};

    *ret_payout_id = 0;
    for (int i = 0; i < CARRIED_MAX && key.id != 0; i++) {
        struct partner_statement_row *row = NULL;
        size_t n = 0;
        const int rc = statement_store_find(batch->tx, &key, 1, batch->arena, &row, &n, err);

        if (rc != 0 || n == 0)
            return rc;
        if (statement_payout(row) != 0)
            *ret_payout_id = statement_payout(row);
        key.id = row->carried_to_id;
    }
    return 0;
}

int clearing_link_claw_backs(struct batch *batch, const struct clearing_entry_row *sales, size_t n,
                             struct new_entries *entries, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; i < entries->n && rc == 0; i++)
        for (size_t j = 0; j < n && rc == 0; j++)
            if (sales[j].entry_id == entries->list[i].reverses_entry_id && sales[j].statement_id != 0)
                rc = find_payout(batch, sales[j].statement_id, sales[j].biz_id, &entries->list[i].claw_back_payout_id,
                                 err);
    return rc;
}
