/* Reading transfers by their source; see moved.h. */
#include "verify/moved.h"

#include <string.h>

static const struct seen_column moved_list_columns[] = {
    SEEN(moved_seen, source_id),   SEEN(moved_seen, source_no), SEEN(moved_seen, kind),
    SEEN(moved_seen, transfer_id), SEEN(moved_seen, biz_id),    SEEN(moved_seen, account),
    SEEN(moved_seen, subject_id),  SEEN(moved_seen, amount),    SEEN(moved_seen, create_ms),
    SEEN_CURRENCY(moved_seen),
};
static const struct seen_columns moved_columns = {moved_list_columns, COUNT_OF(moved_list_columns),
                                                  sizeof(struct moved_seen)};

/* Of the transfers what their index has, and no more: that their postings are of their business and time, chains.c
 * shows. */
#define MOVED_TEXT                                                                                              \
    "SELECT STRAIGHT_JOIN t.source_id, t.source_no, t.kind, t.transfer_id, p.biz_id, p.account, p.subject_id, " \
    "p.amount_minor, p.create_time_ms, p.currency FROM bmt_settlement.transfers t FORCE INDEX "                 \
    "(uq_transfers_source) "                                                                                    \
    "LEFT JOIN bmt_settlement.postings p ON p.transfer_id = t.transfer_id "

int moved_read(struct worker *worker, int64_t kind, int64_t after, int64_t upto, struct moved_list *ret_list)
{
    return rows_read(worker, MODULE_SETTLEMENT,
                     arena_printf(worker->arena,
                                  MOVED_TEXT "WHERE t.kind = %lld AND t.source_id > %lld AND t.source_id <= %lld "
                                             "ORDER BY t.source_id, t.source_no", /* as the index has them */
                                  (long long)kind, (long long)after, (long long)upto),
                     &moved_columns, &ret_list->list, &ret_list->n);
}

int moved_read_of(struct worker *worker, int64_t kind, int64_t other_kind, const int64_t *sources, size_t n,
                  struct moved_list *ret_list)
{
    *ret_list = (struct moved_list){0};
    if (n == 0)
        return 0;
    return rows_read(worker, MODULE_SETTLEMENT,
                     arena_printf(worker->arena,
                                  MOVED_TEXT "WHERE t.kind IN (%lld, %lld) AND t.source_id IN (%s) "
                                             "ORDER BY t.source_id, t.source_no, t.kind",
                                  (long long)kind, (long long)other_kind, rows_id_list(sources, n, worker->arena)),
                     &moved_columns, &ret_list->list, &ret_list->n);
}

struct moved_list moved_of_source(const struct moved_list *all, int64_t source_id)
{
    struct moved_list of = {.list = all->list};
    size_t low = 0;

    for (size_t n = all->n; n > 0;) {
        const size_t half = n / 2;

        if (all->list[low + half].source_id < source_id) {
            low += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    of.list += low;
    while (low + of.n < all->n && of.list[of.n].source_id == source_id)
        of.n++;
    return of;
}

struct moved_list moved_of(const struct moved_list *of_source, int64_t kind, int64_t source_no)
{
    struct moved_list of = {0};

    for (size_t i = 0; i < of_source->n; i++)
        if (of_source->list[i].kind == kind && of_source->list[i].source_no == source_no) {
            of.list = of.n == 0 ? &of_source->list[i] : of.list;
            of.n++;
        }
    return of;
}

int64_t moved_sum(const struct moved_list *moved, int64_t account, int64_t subject_id)
{
    int64_t sum = 0;

    for (size_t i = 0; i < moved->n; i++)
        if (moved->list[i].account == account && (subject_id < 0 || moved->list[i].subject_id == subject_id))
            sum += moved->list[i].amount;
    return sum;
}

size_t moved_count(const struct moved_list *moved, int64_t account)
{
    size_t n = 0;

    for (size_t i = 0; i < moved->n; i++)
        n += moved->list[i].account == account;
    return n;
}

void moved_tell_lost(struct worker *worker, const struct moved_list *all, const int64_t *ids, size_t n,
                     const char *what)
{
    size_t at = 0;

    for (size_t i = 0; i < all->n; i++) {
        const struct moved_seen *m = &all->list[i];

        while (at < n && ids[at] < m->source_id)
            at++;
        if ((at == n || ids[at] != m->source_id) && (i == 0 || all->list[i - 1].transfer_id != m->transfer_id))
            found(worker, m->source_id, TRANSFER_SOURCE, m->biz_id, ID_TRANSFER, m->transfer_id,
                  "books %s %lld, which is not there", what, (long long)m->source_id);
    }
}

bool moved_is(const struct moved_list *moved, int64_t biz_id, const char *currency, const struct side_seen *sides,
              size_t n)
{
    size_t n_sides = 0;

    for (size_t i = 0; i < n; i++) {
        n_sides += sides[i].amount != 0;
        if (moved_sum(moved, sides[i].account, sides[i].subject_id) != sides[i].amount)
            return false;
    }
    for (size_t i = 0; i < moved->n; i++)
        if (moved->list[i].biz_id != biz_id || strcmp(moved->list[i].currency, currency) != 0)
            return false;
    return n_sides == moved->n;
}
