/* Lines: what is left, and who has it; see rules_line.h. */
#include "settlement/rules_line.h"

#include <string.h>

int64_t line_left(const struct clearing_row *row)
{
    return row->amount_minor - row->refunded_minor - row->disputed_minor;
}

static int64_t lesser(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t line_disputable(const int64_t *left, const int64_t *costs, size_t n, size_t at, int64_t refund_minor)
{
    int64_t needed_minor = refund_minor;

    PRE(at < n);
    for (size_t i = 0; i < n; i++)
        if (i != at)
            needed_minor -= lesser(left[i], costs[i]);
    return needed_minor > 0 ? left[at] - lesser(left[at], needed_minor) : left[at];
}

void line_dispute(struct clearing_row *row, int64_t amount_minor)
{
    PRE(amount_minor > 0 && amount_minor <= line_left(row));

    row->disputed_minor += amount_minor;
}

void line_win(struct clearing_row *row, int64_t amount_minor)
{
    PRE(amount_minor > 0 && amount_minor <= row->disputed_minor);

    row->disputed_minor -= amount_minor;
}

void line_lose(struct clearing_row *row, int64_t amount_minor)
{
    line_win(row, amount_minor);
    row->refunded_minor += amount_minor;
}

static size_t find_holder(const struct line_holder *holders, size_t n, int64_t partner_id)
{
    size_t at = HOLDERS_BEFORE_PARTNERS;

    while (at < n && holders[at].partner_id != partner_id)
        at++;
    return at;
}

size_t line_holders(const struct clearing_row *row, const struct clearing_entry_row *entries, size_t n_entries,
                    struct line_holder *ret_holders)
{
    size_t n = HOLDERS_BEFORE_PARTNERS;

    ret_holders[HOLDER_FEE] = (struct line_holder){.left_minor = row->fee_left_minor};
    ret_holders[HOLDER_PLATFORM] = (struct line_holder){.left_minor = row->platform_minor};
    for (size_t i = 0; i < n_entries; i++) {
        const struct clearing_entry_row *entry = &entries[i];
        const size_t at = find_holder(ret_holders, n, entry->partner_id);

        if (entry->kind == ENTRY_ADJUSTMENT)
            continue;
        if (at == n) {
            PRE(n < REVERSAL_PARTS_MAX);
            ret_holders[n++] = (struct line_holder){.partner_id = entry->partner_id};
        }
        ret_holders[at].left_minor += entry->amount_minor;
        if (entry->kind == ENTRY_SALE)
            ret_holders[at].sale = entry;
    }
    return n;
}

static int divide(const struct line_holder *holders, size_t n, int64_t rest_minor, struct refund_bearer_row *bearers,
                  size_t n_bearers, int64_t *parts)
{
    int64_t left[REVERSAL_PARTS_MAX];

    for (size_t i = 0; i < n; i++)
        left[i] = holders[i].left_minor > 0 ? holders[i].left_minor : 0;
    if (n_bearers == 0)
        return share_reverse(rest_minor, left, n, parts);
    memset(parts, 0, n * sizeof *parts);
    for (size_t i = 0; i < n_bearers; i++)
        for (size_t j = HOLDERS_BEFORE_PARTNERS; j < n && rest_minor > 0; j++)
            if (holders[j].partner_id == bearers[i].partner_id) {
                int64_t *said_minor = &bearers[i].amount_minor;

                parts[j] = lesser(*said_minor, rest_minor);
                *said_minor -= parts[j];
                rest_minor -= parts[j];
            }
    parts[HOLDER_PLATFORM] = rest_minor;
    return 0;
}

int line_bear(struct clearing_row *row, const struct line_holder *holders, size_t n, int64_t amount_minor,
              struct refund_bearer_row *bearers, size_t n_bearers, int64_t *ret_parts)
{
    const int rc = divide(holders, n, amount_minor, bearers, n_bearers, ret_parts);

    if (rc != 0)
        return rc;
    row->fee_left_minor -= ret_parts[HOLDER_FEE];
    row->platform_minor -= ret_parts[HOLDER_PLATFORM];
    return 0;
}
