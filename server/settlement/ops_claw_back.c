/*
 * Claw-backs; see ops_clearing.h. What is taken back of a share that was paid out is linked with the payout that had
 * paid it, or is at it. A share may have been carried to later statements before it was paid.
 */
#include "settlement/ops_clearing.h"
#include "settlement/ops_statement.h"
#include "settlement/rules_statement.h"

enum { CARRIED_MAX = 64 }; /* statements that are followed; of more, nothing is linked */

/* The payout that has paid what is in the statement; 0: none. */
static int find_payout(const struct statement_finder *by, int64_t statement_id, int64_t biz_id, int64_t *ret_payout_id,
                       struct err *err)
{
    *ret_payout_id = 0;
    for (int i = 0; i < CARRIED_MAX && statement_id != 0; i++) {
        const struct partner_statement_row *row = NULL;
        const int rc = by->find(by->context, statement_id, biz_id, &row, err);

        if (rc != 0 || row == NULL)
            return rc;
        if (statement_payout(row) != 0)
            *ret_payout_id = statement_payout(row);
        statement_id = row->carried_to_id;
    }
    return 0;
}

int clearing_link_claw_backs_by(const struct statement_finder *by, const struct clearing_entry_row *sales, size_t n,
                                struct new_entries *entries, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; i < entries->n && rc == 0; i++)
        for (size_t j = 0; j < n && rc == 0; j++)
            if (sales[j].entry_id == entries->list[i].reverses_entry_id && sales[j].statement_id != 0)
                rc =
                    find_payout(by, sales[j].statement_id, sales[j].biz_id, &entries->list[i].claw_back_payout_id, err);
    return rc;
}

/* In the batch's transaction. */
static int find_stored(void *context, int64_t statement_id, int64_t biz_id,
                       const struct partner_statement_row **ret_row, struct err *err)
{
    struct batch *batch = context;
    const struct settlement_key key = {.id = statement_id, .biz_id = biz_id};
    struct partner_statement_row *row = NULL;
    size_t n = 0;
    const int rc = statement_store_find(batch->tx, &key, 1, batch->arena, &row, &n, err);

    *ret_row = rc == 0 && n > 0 ? row : NULL;
    return rc;
}

int clearing_link_claw_backs(struct batch *batch, const struct clearing_entry_row *sales, size_t n,
                             struct new_entries *entries, struct err *err)
{
    const struct statement_finder by = {.find = find_stored, .context = batch};

    return clearing_link_claw_backs_by(&by, sales, n, entries, err);
}
