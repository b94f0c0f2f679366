/* Verbs on refunds; see ops_refund.h. */
#include "payment/ops_refund.h"

#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/plant.h"
#include "payment/ops.h"

static int compare_rows(const void *left, const void *right)
{
    const struct refund_row *a = left;
    const struct refund_row *b = right;

    return (a->refund_id > b->refund_id) - (a->refund_id < b->refund_id);
}

typedef int find_refunds(struct tx *tx, const struct payment_key *keys, size_t n, struct arena *arena,
                         struct refund_row **ret_rows, size_t *ret_n, struct err *err);

static void bind_row(struct refund_ref *ref, struct refund_row *rows, size_t n)
{
    const struct refund_row wanted = {.refund_id = ref->refund_id};
    struct refund_row *row = n > 0 ? bsearch(&wanted, rows, n, sizeof *rows, compare_rows) : NULL;

    if (row == NULL || row->biz_id != ref->command->biz_id)
        command_refuse(ref->command, ERR_REFUND_NOT_FOUND, id_show(ID_REFUND, ref->refund_id));
    else
        ref->row = row;
}

static int find_refs(struct batch *batch, struct refund_ref *refs, size_t n, find_refunds *find, struct err *err)
{
    struct payment_key *keys = arena_array_of(batch->arena, struct payment_key, n);
    struct refund_row *rows = NULL;
    size_t n_keys = 0;
    size_t n_rows = 0;
    int rc;

    for (size_t i = 0; i < n; i++) {
        refs[i].row = NULL;
        if (!refs[i].command->is_done)
            keys[n_keys++] = (struct payment_key){.id = refs[i].refund_id, .biz_id = refs[i].command->biz_id};
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
    for (size_t i = 0; i < n; i++)
        if (!refs[i].command->is_done)
            bind_row(&refs[i], rows, n_rows);
    return 0;
}

int refund_lock(struct batch *batch, struct refund_ref *refs, size_t n, struct err *err)
{
    return find_refs(batch, refs, n, payment_store_lock_refunds, err);
}

int refund_load(struct batch *batch, struct refund_ref *refs, size_t n, struct err *err)
{
    return find_refs(batch, refs, n, payment_store_find_refunds, err);
}

struct refund_row refund_make(int64_t refund_id, const struct payment_row *payment, int64_t amount_minor,
                              enum refund_purpose purpose, int64_t now_ms)
{
    struct refund_row row = {
        .refund_id = refund_id,
        .biz_id = payment->biz_id,
        .payment_id = payment->payment_id,
        .order_id = payment->order_id,
        .channel_account_id = payment->channel_account_id,
        .purpose = (int32_t)purpose,
        .state = REFUND_CREATED,
        .version = 1,
        .amount_minor = amount_minor,
        .failure = "",
        .reason = "",
        .actor = "",
        .due_time_ms = purpose == REFUND_OF_LATE ? now_ms : payment_next_question_ms(0, now_ms),
        .create_time_ms = now_ms,
        .update_time_ms = now_ms,
    };

    memcpy(row.currency, payment->currency, CURRENCY_SIZE);
    return row;
}

struct refund_turn refund_turn_of(const struct refund_row *row)
{
    return (struct refund_turn){.version = row->version, .attempts = row->attempts};
}

bool refund_is_at(const struct refund_row *row, struct refund_turn turn)
{
    return row->version == turn.version && row->attempts == turn.attempts;
}

bool refund_is_unasked(const struct refund_row *row)
{
    return row->state == REFUND_CREATED && row->purpose == REFUND_OF_LATE && row->attempts == 1;
}

static int compare_claims(const void *left, const void *right)
{
    const struct refund_claim *a = left;
    const struct refund_claim *b = right;

    return (a->payment_id > b->payment_id) - (a->payment_id < b->payment_id);
}

static struct refund_claim claim_of(const struct refund_row *row)
{
    return (struct refund_claim){
        .payment_id = row->payment_id, .biz_id = row->biz_id, .amount_minor = row->amount_minor};
}

int refund_begin(struct batch *batch, const struct refund_row *rows, size_t n, struct err *err)
{
    struct refund_claim *claims = arena_array_of(batch->arena, struct refund_claim, n);
    int rc;

    for (size_t i = 0; i < n; i++)
        claims[i] = claim_of(&rows[i]);
    if (n > 1)
        qsort(claims, n, sizeof *claims, compare_claims);
    rc = PLANTED("refund_above_payment") ? 0 : payment_store_claim_refunds(batch->tx, claims, n, err);
    if (rc == 0)
        rc = payment_store_insert_refunds(batch->tx, rows, n, err);
    return rc;
}

int refund_can_claim(struct batch *batch, const struct refund_row *row, bool *ret_can, struct err *err)
{
    const struct payment_key key = {.id = row->payment_id, .biz_id = row->biz_id};
    struct payment_row *payments = NULL;
    size_t n = 0;
    int rc;

    rc = payment_store_lock(batch->tx, &key, 1, batch->arena, &payments, &n, err);
    if (rc == 0)
        *ret_can = n == 1 && payments[0].state == PAYMENT_SUCCEEDED &&
                   row->amount_minor <= payments[0].amount_minor - payments[0].refund_minor;
    return rc;
}

int refund_claim_again(struct batch *batch, const struct refund_row *row, struct err *err)
{
    const struct refund_claim claim = claim_of(row);

    return payment_store_claim_refunds(batch->tx, &claim, 1, err);
}

struct refund_moves refund_moves_begin(size_t n_max, struct arena *arena)
{
    return (struct refund_moves){
        .rows = arena_array_of(arena, struct refund_row *, n_max),
        .events = arena_array_of(arena, struct refund_event_row, n_max),
    };
}

void refund_move_add(struct refund_moves *moves, struct refund_row *row, enum refund_event event, const char *actor,
                     const char *detail, int64_t now_ms)
{
    const int from = row->state;
    int to = 0;

    PRE(fsm_next(&refund_fsm, from, (int)event, &to));
    if (row->version == row->version_read)
        moves->rows[moves->n_rows++] = row;
    row->state = to;
    row->version++;
    row->attempts = 0;
    row->due_time_ms = refund_state_is_open(to) ? payment_next_question_ms(0, now_ms) : 0;
    row->update_time_ms = now_ms;
    if (to == REFUND_SUCCEEDED)
        row->succeed_time_ms = now_ms;
    moves->events[moves->n_events++] = (struct refund_event_row){
        .refund_id = row->refund_id,
        .version = row->version,
        .biz_id = row->biz_id,
        .event = (int32_t)event,
        .from_state = from,
        .to_state = to,
        .actor = actor,
        .detail = detail,
        .create_time_ms = now_ms,
    };
}

int refund_moves_write(struct batch *batch, struct refund_moves *moves, struct err *err)
{
    struct refund_row *rows = arena_array_of(batch->arena, struct refund_row, moves->n_rows);
    struct refund_claim *failed = arena_array_of(batch->arena, struct refund_claim, moves->n_rows);
    size_t n_failed = 0;
    int rc;

    for (size_t i = 0; i < moves->n_rows; i++) {
        rows[i] = *moves->rows[i];
        if (rows[i].state == REFUND_FAILED)
            failed[n_failed++] = claim_of(&rows[i]);
    }
    if (moves->n_rows > 1)
        qsort(rows, moves->n_rows, sizeof *rows, compare_rows);
    if (n_failed > 1)
        qsort(failed, n_failed, sizeof *failed, compare_claims);
    rc = payment_store_move_refunds(batch->tx, rows, moves->n_rows, moves->events, moves->n_events, err);
    if (rc == 0)
        rc = payment_store_drop_claims(batch->tx, failed, n_failed, err);
    return rc;
}
