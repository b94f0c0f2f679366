/* Verbs on payments, and reads of them; see ops.h. Accounts: ops_accounts.c. */
#include "payment/ops.h"

#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "payment/rules.h"

static int compare_rows(const void *left, const void *right)
{
    const struct payment_row *a = left;
    const struct payment_row *b = right;

    return (a->payment_id > b->payment_id) - (a->payment_id < b->payment_id);
}

static bool is_visible(const struct payment_row *row, const struct command *command)
{
    return row->biz_id == command->biz_id && (command->user_id == NULL || strcmp(command->user_id, row->user_id) == 0);
}

typedef int find_payments(struct tx *tx, const struct payment_key *keys, size_t n, struct arena *arena,
                          struct payment_row **ret_rows, size_t *ret_n, struct err *err);

static int find_refs(struct batch *batch, struct payment_ref *refs, size_t n, find_payments *find, struct err *err)
{
    struct payment_key *keys = arena_array_of(batch->arena, struct payment_key, n);
    struct payment_row *rows = NULL;
    size_t n_keys = 0;
    size_t n_rows = 0;
    int rc;

    for (size_t i = 0; i < n; i++)
        if (!refs[i].command->is_done)
            keys[n_keys++] = (struct payment_key){.id = refs[i].payment_id, .biz_id = refs[i].command->biz_id};
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
        const struct payment_row wanted = {.payment_id = refs[i].payment_id};
        struct payment_row *row = n_rows > 0 ? bsearch(&wanted, rows, n_rows, sizeof *rows, compare_rows) : NULL;

        refs[i].row = NULL;
        if (refs[i].command->is_done)
            continue;
        if (row == NULL || !is_visible(row, refs[i].command))
            command_refuse(refs[i].command, ERR_PAYMENT_NOT_FOUND, id_show(ID_PAYMENT, refs[i].payment_id));
        else
            refs[i].row = row;
    }
    return 0;
}

int payment_lock(struct batch *batch, struct payment_ref *refs, size_t n, struct err *err)
{
    return find_refs(batch, refs, n, payment_store_lock, err);
}

int payment_load(struct batch *batch, struct payment_ref *refs, size_t n, struct err *err)
{
    return find_refs(batch, refs, n, payment_store_find, err);
}

int payment_find_repeats(struct batch *batch, struct command *const *commands, size_t n, struct payment_row **ret_rows,
                         struct err *err)
{
    struct payment_request_key *keys = arena_array_of(batch->arena, struct payment_request_key, n);
    struct payment_row *rows = NULL;
    size_t n_rows = 0;
    int rc;

    for (size_t i = 0; i < n; i++)
        keys[i] =
            (struct payment_request_key){.biz_id = commands[i]->biz_id, .request_id = command_request(commands[i])};
    rc = payment_store_find_requests(batch->tx, keys, n, batch->arena, &rows, &n_rows, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < n; i++) {
        ret_rows[i] = NULL;
        for (size_t j = 0; j < n_rows && !commands[i]->is_done; j++) {
            if (!command_has_request(commands[i], rows[j].biz_id, rows[j].request_id))
                continue;
            (void)command_repeats(commands[i], rows[j].fingerprint);
            ret_rows[i] = &rows[j];
        }
    }
    return 0;
}

void payment_row_begin(struct payment_row *row, const struct command *command, int64_t now_ms)
{
    PRE(row->amount_minor > 0 && row->expire_time_ms > 0);
    row->payment_id = id_new(id_route(command->biz_id, row->user_id));
    row->biz_id = command->biz_id;
    row->request_id = command_request(command);
    row->state = PAYMENT_CREATED;
    row->version = 1;
    row->action_url = "";
    row->failure = "";
    row->due_time_ms = payment_due_ms(row, now_ms);
    row->create_time_ms = now_ms;
    row->update_time_ms = now_ms;
    memcpy(row->fingerprint, command->fingerprint, FINGERPRINT_SIZE);
}

bool payment_account_allows(const struct channel_account_row *account, struct money amount, struct command *command)
{
    const struct payment_limits limits = {account->currencies, account->amount_min, account->amount_max};
    struct channel_account opened;

    if (account->state != CHANNEL_ACCOUNT_ENABLED)
        command_refuse(command, ERR_CHANNEL_DISABLED, id_show(ID_CHANNEL_ACCOUNT, account->channel_account_id));
    else if (!payment_limits_allow(&limits, amount))
        command_refuse(command, ERR_CHANNEL_UNSUITABLE, id_show(ID_CHANNEL_ACCOUNT, account->channel_account_id),
                       err_i64(amount.amount_minor), amount.currency);
    else if (channel_open(account, &opened, &command->err) != 0)
        command->is_done = true;
    return !command->is_done;
}

struct payment_moves payment_moves_begin(size_t n_max, struct arena *arena)
{
    return (struct payment_moves){
        .rows = arena_array_of(arena, struct payment_row *, n_max),
        .events = arena_array_of(arena, struct payment_event_row, n_max),
    };
}

static struct {
    int64_t pause_ms;
    int64_t pause_max_ms;
    int64_t before_expiry_ms; /* for the channel to answer and the order to be paid */
} questions = {.pause_ms = 10000, .pause_max_ms = 3600000, .before_expiry_ms = 5000};

void payment_use_questions(const struct conf *conf)
{
    questions.pause_ms = conf->payment_ask_pause_ms;
    questions.pause_max_ms = conf->payment_ask_pause_max_ms;
    questions.before_expiry_ms = conf->payment_ask_before_expiry_ms;
}

int64_t payment_next_question_ms(int32_t attempts, int64_t now_ms)
{
    int64_t pause_ms = questions.pause_ms;

    for (int32_t i = 0; i < attempts && pause_ms < questions.pause_max_ms; i++)
        pause_ms *= 2;
    return now_ms + (pause_ms < questions.pause_max_ms ? pause_ms : questions.pause_max_ms);
}

int64_t payment_due_ms(const struct payment_row *row, int64_t now_ms)
{
    const int64_t last_chance_ms = row->expire_time_ms - questions.before_expiry_ms;
    const int64_t expired_ms = row->expire_time_ms + 1;
    const int64_t next_ms = payment_next_question_ms(row->attempts, now_ms);

    if (now_ms < last_chance_ms)
        return next_ms < last_chance_ms ? next_ms : last_chance_ms;
    if (now_ms < expired_ms)
        return next_ms < expired_ms ? next_ms : expired_ms;
    return next_ms;
}

void payment_move_add(struct payment_moves *moves, struct payment_row *row, enum payment_event event, const char *actor,
                      const char *detail, int64_t now_ms)
{
    const int from = row->state;
    int to = 0;

    PRE(fsm_next(&payment_fsm, from, (int)event, &to));
    if (row->version == row->version_read)
        moves->rows[moves->n_rows++] = row;
    row->state = to;
    row->version++;
    row->attempts = 0;
    row->due_time_ms = payment_state_is_open(to) ? payment_due_ms(row, now_ms) : 0;
    row->update_time_ms = now_ms;
    if (to == PAYMENT_SUCCEEDED)
        row->succeed_time_ms = now_ms;
    if (to != PAYMENT_PENDING)
        row->action_url = "";
    moves->events[moves->n_events++] = (struct payment_event_row){
        .payment_id = row->payment_id,
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

int payment_moves_write(struct batch *batch, struct payment_moves *moves, struct err *err)
{
    struct payment_row *rows = arena_array_of(batch->arena, struct payment_row, moves->n_rows);

    for (size_t i = 0; i < moves->n_rows; i++)
        rows[i] = *moves->rows[i];
    if (moves->n_rows > 1)
        qsort(rows, moves->n_rows, sizeof *rows, compare_rows);
    return payment_store_move(batch->tx, rows, moves->n_rows, moves->events, moves->n_events, err);
}

static int get_payment_body(struct batch *batch, struct err *err)
{
    struct payment_ref *refs = arena_array_of(batch->arena, struct payment_ref, batch->n);
    int rc;

    for (size_t i = 0; i < batch->n; i++)
        refs[i] = (struct payment_ref){.command = batch->commands[i],
                                       .payment_id = ((struct get_payment *)(void *)batch->commands[i])->payment_id};
    rc = payment_load(batch, refs, batch->n, err);
    for (size_t i = 0; i < batch->n && rc == 0; i++)
        ((struct get_payment *)(void *)batch->commands[i])->row = refs[i].row;
    return rc;
}

static int list_payments_body(struct batch *batch, struct err *err)
{
    int rc = 0;

    for_each_command(struct list_payments, c, batch)
    {
        rc = payment_store_list(batch->tx, c->command.biz_id, c->order_id, &c->list.page, batch->arena, &c->rows, &c->n,
                                err);
        if (rc != 0)
            return rc;
    }
    return rc;
}

struct batch_plan get_payment_plan = {
    .name = "payment.get", .home = MODULE_PAYMENT, .is_read = true, .body = get_payment_body};
struct batch_plan list_payments_plan = {
    .name = "payment.list", .home = MODULE_PAYMENT, .is_read = true, .body = list_payments_body};
