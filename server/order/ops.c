/* Verbs on orders; see ops.h. Reads: ops_read.c. */
#include "order/ops.h"

#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/plant.h"

static int compare_rows(const void *left, const void *right)
{
    const struct order_row *a = left;
    const struct order_row *b = right;

    return (a->order_id > b->order_id) - (a->order_id < b->order_id);
}

static int compare_keys(const void *left, const void *right)
{
    const struct order_key *a = left;
    const struct order_key *b = right;

    return (a->order_id > b->order_id) - (a->order_id < b->order_id);
}

static bool is_visible(const struct order_row *row, const struct command *command)
{
    return row->biz_id == command->biz_id && (command->user_id == NULL || strcmp(command->user_id, row->user_id) == 0);
}

static void bind_row(struct order_ref *ref, struct order_row *rows, size_t n)
{
    const struct order_row wanted = {.order_id = ref->order_id};
    struct order_row *row = n > 0 ? bsearch(&wanted, rows, n, sizeof *rows, compare_rows) : NULL;

    if (row == NULL || !is_visible(row, ref->command))
        command_refuse(ref->command, ERR_ORDER_NOT_FOUND, id_show(ID_ORDER, ref->order_id));
    else
        ref->row = row;
}

typedef int find_orders(struct tx *tx, const struct order_key *keys, size_t n, struct arena *arena,
                        struct order_row **ret_rows, size_t *ret_n, struct err *err);

static int find_refs(struct batch *batch, struct order_ref *refs, size_t n, find_orders *find, struct err *err)
{
    struct order_key *keys = arena_array_of(batch->arena, struct order_key, n);
    struct order_row *rows = NULL;
    size_t n_keys = 0;
    size_t n_rows = 0;
    int rc;

    for (size_t i = 0; i < n; i++) {
        refs[i].row = NULL;
        if (!refs[i].command->is_done)
            keys[n_keys++] = (struct order_key){.order_id = refs[i].order_id, .biz_id = refs[i].command->biz_id};
    }
    if (n_keys > 1)
        qsort(keys, n_keys, sizeof *keys, compare_keys);
    rc = find(batch->tx, keys, n_keys, batch->arena, &rows, &n_rows, err);
    if (rc != 0)
        return rc;
    if (n_rows > 1)
        qsort(rows, n_rows, sizeof *rows, compare_rows);
    for (size_t i = 0; i < n_rows; i++) {
        rows[i].state_read = rows[i].state;
        rows[i].version_read = rows[i].version;
    }
    for (size_t i = 0; i < n; i++)
        if (!refs[i].command->is_done)
            bind_row(&refs[i], rows, n_rows);
    return 0;
}

int order_lock(struct batch *batch, struct order_ref *refs, size_t n, struct err *err)
{
    return find_refs(batch, refs, n, order_store_lock, err);
}

int order_load(struct batch *batch, struct order_ref *refs, size_t n, struct err *err)
{
    return find_refs(batch, refs, n, order_store_find, err);
}

bool order_allows(const struct order_row *row, enum order_event event, struct command *command)
{
    char allowed[160];
    int to;

    if (fsm_next(&order_fsm, row->state, (int)event, &to))
        return true;
    command_refuse(command, ERR_ORDER_WRONG_STATE, id_show(ID_ORDER, row->order_id),
                   fsm_state_name(&order_fsm, row->state),
                   fsm_allowed(&order_fsm, (int)event, allowed, sizeof allowed));
    return false;
}

struct order_moves order_moves_begin(size_t n_max, struct arena *arena)
{
    return (struct order_moves){
        .rows = arena_array_of(arena, struct order_row *, n_max),
        .events = arena_array_of(arena, struct order_event_row, n_max),
    };
}

void order_move_add(struct order_moves *moves, const struct order_move *move, int64_t now_ms)
{
    struct order_row *row = move->row;
    const int from = row->state;
    int to = 0;

    PRE(fsm_next(&order_fsm, from, (int)move->event, &to));
    if (row->version == row->version_read)
        moves->rows[moves->n_rows++] = row;
    row->state = to;
    row->version++;
    row->close_reason = to == ORDER_CLOSED ? (int32_t)move->close_reason : 0;
    row->due_time_ms = 0; /* each timer belongs to one state; who needs another sets it after the move */
    row->update_time_ms = now_ms;
    if (to == ORDER_PAID)
        row->pay_time_ms = now_ms;
    else if (move->event == ORDER_EVENT_FULFIL)
        row->fulfil_time_ms = now_ms;
    else if (move->event == ORDER_EVENT_CONFIRM)
        row->complete_time_ms = now_ms;
    moves->events[moves->n_events++] = (struct order_event_row){
        .order_id = row->order_id,
        .version = row->version,
        .biz_id = row->biz_id,
        .event = (int32_t)move->event,
        .from_state = from,
        .to_state = to,
        .close_reason = row->close_reason,
        .payment_id = move->payment_id,
        .actor = move->actor,
        .detail = move->detail != NULL ? move->detail : "",
        .create_time_ms = now_ms,
    };
}

int order_moves_write(struct batch *batch, struct order_moves *moves, struct err *err)
{
    struct order_row *rows = arena_array_of(batch->arena, struct order_row, moves->n_rows);

    for (size_t i = 0; i < moves->n_rows; i++)
        rows[i] = *moves->rows[i];
    if (moves->n_rows > 1)
        qsort(rows, moves->n_rows, sizeof *rows, compare_rows);
    if (PLANTED("lost_event") && moves->n_events > 1)
        moves->n_events--;
    return order_store_move(batch->tx, rows, moves->n_rows, moves->events, moves->n_events, err);
}

int order_load_lines(struct batch *batch, struct order_row *const *rows, size_t n, struct order_lines *ret_lines,
                     struct err *err)
{
    int64_t *ids = arena_array_of(batch->arena, int64_t, n);
    struct order_line_row *lines = NULL;
    size_t n_ids = 0;
    size_t n_lines = 0;
    int rc;

    for (size_t i = 0; i < n; i++)
        if (rows[i] != NULL)
            ids[n_ids++] = rows[i]->order_id;
    rc = order_store_find_lines(batch->tx, ids, n_ids, batch->arena, &lines, &n_lines, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < n; i++) {
        ret_lines[i] = (struct order_lines){0};
        for (size_t j = 0; rows[i] != NULL && j < n_lines; j++)
            if (lines[j].order_id == rows[i]->order_id) {
                ret_lines[i].list = ret_lines[i].list == NULL ? &lines[j] : ret_lines[i].list;
                ret_lines[i].n++;
            } else if (ret_lines[i].n > 0) {
                break; /* lines of one order stand together */
            }
    }
    return 0;
}

struct refundable_line *order_refundable(const struct order_row *row, const struct order_lines *lines,
                                         struct arena *arena, int64_t *ret_left_minor)
{
    struct refundable_line *refundable = arena_array_of(arena, struct refundable_line, lines->n);

    *ret_left_minor = row->amount_minor - row->refunded_minor;
    for (size_t i = 0; i < lines->n; i++) {
        const struct order_line_row *line = &lines->list[i];

        *ret_left_minor -= line->disputed_minor;
        refundable[i] = (struct refundable_line){.line_no = line->line_no,
                                                 .unit_minor = line->unit_minor,
                                                 .quantity_left = line->quantity - line->refunded_quantity,
                                                 .disputed_minor = line->disputed_minor};
    }
    return refundable;
}

int order_note_payments(struct batch *batch, const struct order_pay_claim *claims, size_t n, struct err *err)
{
    struct order_row *rows = arena_array_of(batch->arena, struct order_row, n);
    size_t n_rows = 0;

    for (size_t i = 0; i < n; i++) {
        if (claims[i].command->is_done || claims[i].payment_id == 0)
            continue;
        claims[i].row->payment_id = claims[i].payment_id;
        claims[i].row->update_time_ms = batch->now_ms;
        rows[n_rows++] = *claims[i].row;
    }
    if (n_rows > 1)
        qsort(rows, n_rows, sizeof *rows, compare_rows);
    return order_store_set_payment(batch->tx, rows, n_rows, err);
}
