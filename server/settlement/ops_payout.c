/* Verbs on payouts; see ops_payout.h. */
#include "settlement/ops_payout.h"

#include <stdlib.h>
#include <string.h>

#include "base/id.h"

static int compare_rows(const void *left, const void *right)
{
    const struct payout_row *a = left;
    const struct payout_row *b = right;

    return (a->payout_id > b->payout_id) - (a->payout_id < b->payout_id);
}

typedef int find_payouts(struct tx *tx, const struct settlement_key *keys, size_t n, struct arena *arena,
                         struct payout_row **ret_rows, size_t *ret_n, struct err *err);

static int find_refs(struct batch *batch, struct payout_ref *refs, size_t n, find_payouts *find, struct err *err)
{
    struct settlement_key *keys = arena_array_of(batch->arena, struct settlement_key, n);
    struct payout_row *rows = NULL;
    size_t n_keys = 0;
    size_t n_rows = 0;
    int rc;

    for (size_t i = 0; i < n; i++) {
        refs[i].row = NULL;
        if (!refs[i].command->is_done)
            keys[n_keys++] = (struct settlement_key){.id = refs[i].payout_id, .biz_id = refs[i].command->biz_id};
    }
    rc = find(batch->tx, keys, n_keys, batch->arena, &rows, &n_rows, err);
    if (rc != 0)
        return rc;
    if (n_rows > 1)
        qsort(rows, n_rows, sizeof *rows, compare_rows);
    for (size_t i = 0; i < n_rows; i++) {
        rows[i].state_read = rows[i].state;
        rows[i].version_read = rows[i].version;
    }
    for (size_t i = 0; i < n; i++) {
        const struct payout_row wanted = {.payout_id = refs[i].payout_id};
        struct payout_row *row = n_rows > 0 ? bsearch(&wanted, rows, n_rows, sizeof *rows, compare_rows) : NULL;

        if (refs[i].command->is_done)
            continue;
        if (row == NULL || row->biz_id != refs[i].command->biz_id)
            command_refuse(refs[i].command, ERR_PAYOUT_NOT_FOUND, id_show(ID_PAYOUT, refs[i].payout_id));
        else
            refs[i].row = row;
    }
    return 0;
}

int payout_lock(struct batch *batch, struct payout_ref *refs, size_t n, struct err *err)
{
    return find_refs(batch, refs, n, payout_store_lock, err);
}

int payout_load(struct batch *batch, struct payout_ref *refs, size_t n, struct err *err)
{
    return find_refs(batch, refs, n, payout_store_find, err);
}

struct payout_turn payout_turn_of(const struct payout_row *row)
{
    return (struct payout_turn){.version = row->version, .attempts = row->attempts};
}

bool payout_is_at(const struct payout_row *row, struct payout_turn turn)
{
    return row->version == turn.version && row->attempts == turn.attempts;
}

int64_t payout_next_question_ms(const struct payout_row *row, int64_t now_ms)
{
    const int64_t hour_ms = 3600000;
    int64_t pause_ms = 10000;

    if (row->state == PAYOUT_SUCCEEDED)
        return now_ms < row->succeed_time_ms + PAYOUT_WATCH_DAYS * 24 * hour_ms ? now_ms + 24 * hour_ms : 0;
    if (!payout_state_is_open(row->state))
        return 0;
    for (int32_t i = 0; i < row->attempts && pause_ms < hour_ms; i++)
        pause_ms *= 2;
    return now_ms + (pause_ms < hour_ms ? pause_ms : hour_ms);
}

static struct payout_event_row event_of(const struct payout_row *row, enum payout_event event, int from,
                                        const char *actor, const char *detail, int64_t now_ms)
{
    return (struct payout_event_row){.payout_id = row->payout_id,
                                     .version = row->version,
                                     .biz_id = row->biz_id,
                                     .event = (int32_t)event,
                                     .from_state = from,
                                     .to_state = row->state,
                                     .actor = actor,
                                     .detail = detail,
                                     .create_time_ms = now_ms};
}

int payout_begin(struct batch *batch, const struct payout_row *rows, size_t n, const char *const *actors,
                 struct err *err)
{
    struct payout_event_row *events = arena_array_of(batch->arena, struct payout_event_row, n);

    for (size_t i = 0; i < n; i++)
        events[i] = event_of(&rows[i], PAYOUT_EVENT_CREATE, PAYOUT_NONE, actors[i], "", batch->now_ms);
    return payout_store_insert(batch->tx, rows, events, n, err);
}

struct payout_moves payout_moves_begin(size_t n_max, struct arena *arena)
{
    return (struct payout_moves){
        .rows = arena_array_of(arena, struct payout_row *, n_max),
        .events = arena_array_of(arena, struct payout_event_row, n_max),
    };
}

void payout_move_add(struct payout_moves *moves, struct payout_row *row, enum payout_event event, const char *actor,
                     const char *detail, int64_t now_ms)
{
    const int from = row->state;
    int to = 0;

    PRE(fsm_next(&payout_fsm, from, (int)event, &to));
    if (row->version == row->version_read)
        moves->rows[moves->n_rows++] = row;
    row->state = to;
    row->version++;
    row->attempts = 0;
    row->update_time_ms = now_ms;
    if (to == PAYOUT_SUCCEEDED)
        row->succeed_time_ms = now_ms;
    row->due_time_ms = payout_next_question_ms(row, now_ms);
    moves->events[moves->n_events++] = event_of(row, event, from, actor, detail, now_ms);
}

int payout_moves_write(struct batch *batch, const struct payout_moves *moves, struct err *err)
{
    struct payout_row *rows = arena_array_of(batch->arena, struct payout_row, moves->n_rows);

    for (size_t i = 0; i < moves->n_rows; i++)
        rows[i] = *moves->rows[i];
    if (moves->n_rows > 1)
        qsort(rows, moves->n_rows, sizeof *rows, compare_rows);
    return payout_store_move(batch->tx, rows, moves->n_rows, moves->events, moves->n_events, err);
}

struct consequence {
    enum payout_event event;
    enum statement_event statement_event;
    enum transfer_kind kind;
    enum account debit; /* of the channel account or the partner */
    enum account credit;
};
/* clang-format off */
static const struct consequence consequences[] = {
    {PAYOUT_EVENT_CREATE,  STATEMENT_EVENT_PAY,         TRANSFER_PAYOUT,          ACCOUNT_PARTNER_PAYABLE,    ACCOUNT_PAYOUT_IN_TRANSIT },
    {PAYOUT_EVENT_SUCCEED, STATEMENT_EVENT_PAY_SUCCEED, TRANSFER_PAYOUT_PAID,     ACCOUNT_PAYOUT_IN_TRANSIT,  ACCOUNT_CHANNEL_RECEIVABLE},
    {PAYOUT_EVENT_FAIL,    STATEMENT_EVENT_PAY_FAIL,    TRANSFER_PAYOUT_FAILED,   ACCOUNT_PAYOUT_IN_TRANSIT,  ACCOUNT_PARTNER_PAYABLE   },
    {PAYOUT_EVENT_RETURN,  STATEMENT_EVENT_PAY_RETURN,  TRANSFER_PAYOUT_RETURNED, ACCOUNT_CHANNEL_RECEIVABLE, ACCOUNT_PARTNER_PAYABLE   },
};
/* clang-format on */

static const struct consequence *consequence_of(enum payout_event event)
{
    for (size_t i = 0; i < COUNT_OF(consequences); i++)
        if (consequences[i].event == event)
            return &consequences[i];
    return NULL;
}

bool payout_moves_statement(enum payout_event event, enum statement_event *ret_event)
{
    const struct consequence *what = consequence_of(event);

    if (what != NULL)
        *ret_event = what->statement_event;
    return what != NULL;
}

static int64_t subject_of(enum account account, const struct payout_row *row)
{
    return account == ACCOUNT_PARTNER_PAYABLE ? row->partner_id : row->channel_account_id;
}

void payout_book(struct transfers *transfers, const struct payout_row *row, enum payout_event event,
                 struct arena *arena)
{
    const struct consequence *what = consequence_of(event);
    struct transfer head = {.biz_id = row->biz_id, .source_id = row->payout_id};
    struct transfer *transfer;

    if (what == NULL)
        return;
    head.kind = what->kind;
    memcpy(head.currency, row->currency, CURRENCY_SIZE);
    transfer = transfer_begin(transfers, &head, 2, arena);
    transfer_debit(transfer, what->debit, subject_of(what->debit, row), row->amount_minor);
    transfer_credit(transfer, what->credit, subject_of(what->credit, row), row->amount_minor);
}

static int get_payout_body(struct batch *batch, struct err *err)
{
    struct payout_ref *refs = arena_array_of(batch->arena, struct payout_ref, batch->n);
    int rc;

    for_each_command(struct get_payout, c, batch) refs[c_i] =
        (struct payout_ref){.command = &c->command, .payout_id = c->payout_id};
    rc = payout_load(batch, refs, batch->n, err);
    if (rc != 0)
        return rc;
    for_each_command(struct get_payout, c, batch)
    {
        INVARIANT(refs[c_i].row != NULL); /* whose payout is missing was refused */
        c->row = *refs[c_i].row;
    }
    return 0;
}

static int list_payouts_body(struct batch *batch, struct err *err)
{
    int rc = 0;

    for_each_command(struct list_payouts, c, batch)
    {
        rc = payout_store_list(batch->tx, c->command.biz_id, c->partner_id, &c->list.page, batch->arena, &c->rows,
                               &c->n, err);
        if (rc != 0)
            return rc;
    }
    return rc;
}

struct batch_plan get_payout_plan = {
    .name = "settlement.get_payout", .home = MODULE_SETTLEMENT, .is_read = true, .body = get_payout_body};
struct batch_plan list_payouts_plan = {
    .name = "settlement.list_payouts", .home = MODULE_SETTLEMENT, .is_read = true, .body = list_payouts_body};
