/* Opening periods and gathering their entries; see ops_statement.h. */
#include <string.h>

#include "base/failpoint.h"
#include "base/id.h"
#include "jobs/jobs.h"
#include "settlement/ops_statement.h"
#include "settlement/rules.h"
#include "settlement/rules_statement.h"

enum { SERIES_MAX = 1000 };

static int64_t one_approval_max = 1000000;

void statement_use_approval_limit(int64_t one_approval_max_minor)
{
    one_approval_max = one_approval_max_minor;
}

/* The partner's last `limit` statements in the currency, newest first. */
static int load_series(struct batch *batch, int64_t partner_id, const char *currency, int32_t seq_max, int32_t limit,
                       struct partner_statement_row **ret_rows, size_t *ret_n, struct err *err)
{
    struct statement_series series = {.partner_id = partner_id, .seq_max = seq_max, .limit = limit};

    memcpy(series.currency, currency, CURRENCY_SIZE);
    return statement_store_list_series(batch->tx, &series, batch->arena, ret_rows, ret_n, err);
}

/* `last`: the statement before it; NULL: none. */
static int open_statement(struct batch *batch, const struct partner_row *partner, const char *currency,
                          const struct partner_statement_row *last, int64_t to_time_ms, const char *actor,
                          struct partner_statement_row *ret_row, struct err *err)
{
    struct statement_event_row event = {.version = 1,
                                        .biz_id = partner->biz_id,
                                        .event = STATEMENT_EVENT_OPEN,
                                        .from_state = STATEMENT_NONE,
                                        .to_state = STATEMENT_OPEN,
                                        .actor = actor,
                                        .detail = "",
                                        .create_time_ms = batch->now_ms};
    struct partner_statement_row row = {
        .statement_id = id_new(id_route(partner->biz_id, "")),
        .biz_id = partner->biz_id,
        .partner_id = partner->partner_id,
        .seq = last != NULL ? last->seq + 1 : 1,
        .from_time_ms = last != NULL ? last->to_time_ms : partner->create_time_ms,
        .to_time_ms = to_time_ms,
        .state = STATEMENT_OPEN,
        .version = 1,
        .root = {.data = (const uint8_t *)"", .size = 0},
        .due_time_ms = batch->now_ms,
        .create_time_ms = batch->now_ms,
        .update_time_ms = batch->now_ms,
    };

    PRE(row.to_time_ms > row.from_time_ms);
    memcpy(row.currency, currency, CURRENCY_SIZE);
    event.statement_id = row.statement_id;
    *ret_row = row;
    return statement_store_insert(batch->tx, &row, &event, 1, err);
}

static int load_partner(struct batch *batch, int64_t partner_id, int64_t biz_id, struct partner_row **ret_row,
                        struct err *err)
{
    const struct settlement_key key = {.id = partner_id, .biz_id = biz_id};
    struct partner_row *rows = NULL;
    size_t n = 0;
    const int rc = settlement_store_find_partners(batch->tx, &key, 1, batch->arena, &rows, &n, err);

    *ret_row = rc == 0 && n == 1 ? rows : NULL;
    return rc;
}

/* The statement that has the period, NULL where it is new; refuses what is not over, or closed in another way. */
static struct partner_statement_row *find_period(struct close_statement *c, const struct partner_row *partner,
                                                 struct partner_statement_row *rows, size_t n, int64_t now_ms)
{
    const int64_t closed_ms = n > 0 ? rows[0].to_time_ms : partner->create_time_ms;

    for (size_t i = 0; i < n; i++)
        if (rows[i].to_time_ms == c->to_time_ms)
            return &rows[i];
    if (c->to_time_ms > now_ms)
        command_refuse(&c->command, ERR_PERIOD_NOT_OVER, err_i64(c->to_time_ms), err_i64(now_ms));
    else if (c->to_time_ms <= closed_ms)
        command_refuse(&c->command, ERR_PERIOD_CLOSED, id_show(ID_PARTNER, c->partner_id), err_i64(closed_ms));
    return NULL;
}

static int close_one(struct batch *batch, struct close_statement *c, struct err *err)
{
    struct partner_row *partner = NULL;
    struct partner_statement_row *rows = NULL;
    struct partner_statement_row *found;
    size_t n = 0;
    int rc;

    rc = load_partner(batch, c->partner_id, c->command.biz_id, &partner, err);
    if (rc != 0)
        return rc;
    if (partner == NULL) {
        command_refuse(&c->command, ERR_PARTNER_NOT_FOUND, id_show(ID_PARTNER, c->partner_id));
        return 0;
    }
    rc = load_series(batch, c->partner_id, c->currency, INT32_MAX, SERIES_MAX, &rows, &n, err);
    if (rc != 0)
        return rc;
    found = find_period(c, partner, rows, n, batch->now_ms);
    if (c->command.is_done)
        return 0;
    if (found == NULL)
        return open_statement(batch, partner, c->currency, n > 0 ? rows : NULL, c->to_time_ms, c->command.actor,
                              &c->row, err);
    c->row = *found;
    return 0;
}

static int close_statement_body(struct batch *batch, struct err *err)
{
    int rc = 0;

    for_each_command(struct close_statement, c, batch) if (rc == 0) rc = close_one(batch, c, err);
    return rc;
}

/* Whether a period has something for a statement: entries, and by threshold enough of them. */
static bool is_worth(const struct partner_row *partner, const struct payable_sum *sum, int64_t carried_minor)
{
    int64_t total_minor;

    if (sum->entry_count == 0 || partner->schedule != SCHEDULE_THRESHOLD)
        return sum->entry_count > 0;
    return !__builtin_add_overflow(sum->amount_minor, carried_minor, &total_minor) && total_minor > 0 &&
           total_minor >= partner->threshold_minor;
}

/* The next end; a zone that the database does not know any more is asked about daily. */
static int end_period(struct batch *batch, struct open_period *c, const struct partner_row *partner, struct err *err)
{
    const int64_t day_ms = 86400000;
    struct period_end end = {.partner_id = partner->partner_id,
                             .biz_id = partner->biz_id,
                             .due_time_ms = period_end_after(partner, partner->due_time_ms),
                             .due_time_ms_read = partner->due_time_ms};

    c->is_zone_unknown = end.due_time_ms < 0;
    if (c->is_zone_unknown)
        end.due_time_ms = partner->due_time_ms + day_ms;
    c->goes_on = end.due_time_ms <= batch->now_ms;
    return settlement_store_end_period(batch->tx, &end, err);
}

static int open_one(struct batch *batch, struct open_period *c, struct err *err)
{
    struct partner_row *partner = NULL;
    struct partner_statement_row *last = NULL;
    struct partner_statement_row opened;
    struct payable_sum sum = {0};
    size_t n = 0;
    int rc;

    rc = load_partner(batch, c->partner_id, c->command.biz_id, &partner, err);
    if (rc != 0 || partner == NULL || partner->due_time_ms > batch->now_ms)
        return rc; /* another replica was first */
    rc = load_series(batch, c->partner_id, partner->currency, INT32_MAX, 1, &last, &n, err);
    if (rc != 0)
        return rc;
    if (n > 0 && last->state == STATEMENT_OPEN)
        return 0; /* what it carries is not known yet; the period comes again */
    last = n > 0 ? last : NULL;
    rc = statement_store_sum_payable(batch->tx, c->partner_id, partner->currency, partner->due_time_ms, batch->arena,
                                     &sum, err);
    if (rc != 0)
        return rc;
    if (is_worth(partner, &sum, statement_carry(last)) &&
        partner->due_time_ms > (last != NULL ? last->to_time_ms : partner->create_time_ms))
        rc = open_statement(batch, partner, partner->currency, last, partner->due_time_ms, c->command.actor, &opened,
                            err);
    if (rc == 0)
        rc = failpoint_step("open_period.opened", err);
    return rc != 0 ? rc : end_period(batch, c, partner, err);
}

static int open_period_body(struct batch *batch, struct err *err)
{
    int rc = 0;

    for_each_command(struct open_period, c, batch)
    {
        c->is_zone_unknown = false;
        c->goes_on = false;
        if (rc == 0)
            rc = open_one(batch, c, err);
    }
    return rc;
}

/* Puts a chunk of entries into the statement; its hash is a node of the tree. */
static int take_chunk(struct batch *batch, struct partner_statement_row *row, size_t *ret_n, struct err *err)
{
    struct entry_range range = {.partner_id = row->partner_id,
                                .after_id = row->last_entry_id,
                                .payable_before_ms = row->to_time_ms,
                                .limit = STATEMENT_CHUNK};
    struct entries_settle settle = {.statement_id = row->statement_id,
                                    .partner_id = row->partner_id,
                                    .after_id = row->last_entry_id,
                                    .payable_before_ms = row->to_time_ms};
    struct statement_chunk_row chunk = {.statement_id = row->statement_id,
                                        .chunk_no = (int32_t)(row->entry_count / STATEMENT_CHUNK),
                                        .biz_id = row->biz_id};
    struct clearing_entry_row *entries = NULL;
    uint64_t n_settled = 0;
    size_t n = 0;
    int rc;

    memcpy(range.currency, row->currency, CURRENCY_SIZE);
    memcpy(settle.currency, row->currency, CURRENCY_SIZE);
    rc = clearing_store_list_entries(batch->tx, &range, batch->arena, &entries, &n, err);
    *ret_n = n;
    if (rc != 0 || n == 0)
        return rc;
    if (statement_take(row, entries, n) != 0)
        return err_fail(err, ERR_INTERNAL_ERROR); /* more money than there is */
    statement_chunk_hash(entries, n, chunk.hash);
    chunk.first_entry_id = entries[0].entry_id;
    chunk.last_entry_id = settle.last_id = entries[n - 1].entry_id;
    chunk.entry_count = (int32_t)n;
    rc = statement_store_settle(batch->tx, &settle, &n_settled, err);
    if (rc == 0 && n_settled != n)
        rc = batch_conflict(err); /* one came in between */
    return rc != 0 ? rc : statement_store_insert_chunk(batch->tx, &chunk, err);
}

static int root_of(struct batch *batch, struct partner_statement_row *row, struct err *err)
{
    uint8_t *root = arena_array_of(batch->arena, uint8_t, SHA256_SIZE);
    struct statement_chunk_row *chunks = NULL;
    struct merkle tree = {0};
    size_t n = 0;
    const int rc = statement_store_list_chunks(batch->tx, row->statement_id, batch->arena, &chunks, &n, err);

    for (size_t i = 0; i < n && rc == 0; i++)
        merkle_add_hash(&tree, chunks[i].hash);
    merkle_root(&tree, root);
    row->root = (struct sql_bytes){.data = root, .size = SHA256_SIZE};
    return rc;
}

/* All entries are in it. `last` is the statement before it or NULL. */
static int close_gathered(struct batch *batch, struct gather_statement *c, struct partner_statement_row *row,
                          struct partner_statement_row *last, struct statement_moves *moves, struct err *err)
{
    struct partner_row *partner = NULL;
    int rc;

    rc = load_partner(batch, row->partner_id, row->biz_id, &partner, err);
    if (rc == 0)
        rc = root_of(batch, row, err);
    if (rc != 0)
        return rc;
    if (partner == NULL || statement_add_up(row, last, partner->threshold_minor, one_approval_max) != 0)
        return err_fail(err, ERR_INTERNAL_ERROR);
    if (row->carried_from_id != 0)
        moves->rows[moves->n_rows++] = last; /* it stands where it stood */
    row->due_time_ms = 0;
    row->close_time_ms = batch->now_ms;
    statement_move_add(moves, row, STATEMENT_EVENT_CLOSE, c->command.actor, "", batch->now_ms);
    return 0;
}

/* Locks the statement before it, which may leave something to it, and then itself. */
static int lock_both(struct batch *batch, struct gather_statement *c, struct partner_statement_row **ret_row,
                     struct partner_statement_row **ret_last, struct err *err)
{
    struct statement_ref ref = {.command = &c->command, .statement_id = c->statement_id};
    struct partner_statement_row *last = NULL;
    size_t n = 0;
    int rc;

    *ret_last = NULL;
    rc = statement_load(batch, &ref, 1, err);
    if (rc != 0 || ref.row == NULL)
        return rc;
    rc = load_series(batch, ref.row->partner_id, ref.row->currency, ref.row->seq - 1, 1, &last, &n, err);
    if (rc == 0 && n > 0) {
        struct statement_ref before = {.command = &c->command, .statement_id = last->statement_id};

        rc = statement_lock(batch, &before, 1, err);
        *ret_last = before.row;
    }
    if (rc == 0)
        rc = statement_lock(batch, &ref, 1, err);
    *ret_row = ref.row;
    return rc;
}

static int gather_one(struct batch *batch, struct gather_statement *c, struct err *err)
{
    struct statement_moves moves = statement_moves_begin(2, batch->arena);
    struct partner_statement_row *row = NULL;
    struct partner_statement_row *last = NULL;
    size_t n = 0;
    int rc;

    c->goes_on = false;
    rc = lock_both(batch, c, &row, &last, err);
    if (rc != 0 || row == NULL || row->state != STATEMENT_OPEN || (last != NULL && last->state == STATEMENT_OPEN))
        return rc; /* done by another replica, or its turn comes later */
    rc = take_chunk(batch, row, &n, err);
    if (rc == 0)
        rc = failpoint_step("gather_statement.taken", err);
    c->goes_on = n == STATEMENT_CHUNK;
    if (rc == 0 && c->goes_on)
        moves.rows[moves.n_rows++] = row;
    else if (rc == 0)
        rc = close_gathered(batch, c, row, last, &moves, err);
    return rc != 0 ? rc : statement_moves_write(batch, &moves, err);
}

static int gather_statement_body(struct batch *batch, struct err *err)
{
    int rc = 0;

    for_each_command(struct gather_statement, c, batch) if (rc == 0) rc = gather_one(batch, c, err);
    return rc;
}

static void wake_job(struct command **commands, size_t n)
{
    (void)commands;
    (void)n;
    jobs_wake();
}

struct batch_plan close_statement_plan = {.name = "settlement.close_statement",
                                          .home = MODULE_SETTLEMENT,
                                          .keeps_replies = true,
                                          .body = close_statement_body,
                                          .committed = wake_job};
struct batch_plan open_period_plan = {
    .name = "settlement.open_period", .home = MODULE_SETTLEMENT, .body = open_period_body};
struct batch_plan gather_statement_plan = {
    .name = "settlement.gather_statement", .home = MODULE_SETTLEMENT, .body = gather_statement_body};
