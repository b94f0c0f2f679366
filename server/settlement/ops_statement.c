/* Verbs on statements, reads and approvals; see ops_statement.h. Closing: ops_statement_close.c. */
#include "settlement/ops_statement.h"

#include <stdlib.h>
#include <string.h>

#include "base/id.h"

static int compare_rows(const void *left, const void *right)
{
    const struct partner_statement_row *a = left;
    const struct partner_statement_row *b = right;

    return (a->statement_id > b->statement_id) - (a->statement_id < b->statement_id);
}

typedef int find_statements(struct tx *tx, const struct settlement_key *keys, size_t n, struct arena *arena,
                            struct partner_statement_row **ret_rows, size_t *ret_n, struct err *err);

static int find_refs(struct batch *batch, struct statement_ref *refs, size_t n, find_statements *find, struct err *err)
{
    struct settlement_key *keys = arena_array_of(batch->arena, struct settlement_key, n);
    struct partner_statement_row *rows = NULL;
    size_t n_keys = 0;
    size_t n_rows = 0;
    int rc;

    for (size_t i = 0; i < n; i++) {
        refs[i].row = NULL;
        if (!refs[i].command->is_done)
            keys[n_keys++] = (struct settlement_key){.id = refs[i].statement_id, .biz_id = refs[i].command->biz_id};
    }
    rc = find(batch->tx, keys, n_keys, batch->arena, &rows, &n_rows, err);
    if (rc != 0)
        return rc;
    if (n_rows > 1)
        qsort(rows, n_rows, sizeof *rows, compare_rows);
    for (size_t i = 0; i < n; i++) {
        const struct partner_statement_row wanted = {.statement_id = refs[i].statement_id};
        struct partner_statement_row *row =
            n_rows > 0 ? bsearch(&wanted, rows, n_rows, sizeof *rows, compare_rows) : NULL;

        if (refs[i].command->is_done)
            continue;
        if (row == NULL || row->biz_id != refs[i].command->biz_id)
            command_refuse(refs[i].command, ERR_PARTNER_STATEMENT_NOT_FOUND,
                           id_show(ID_PARTNER_STATEMENT, refs[i].statement_id));
        else
            refs[i].row = row;
    }
    return 0;
}

int statement_lock(struct batch *batch, struct statement_ref *refs, size_t n, struct err *err)
{
    return find_refs(batch, refs, n, statement_store_lock, err);
}

int statement_load(struct batch *batch, struct statement_ref *refs, size_t n, struct err *err)
{
    return find_refs(batch, refs, n, statement_store_find, err);
}

static void refuse_state(const struct partner_statement_row *row, const char *allowed, struct command *command)
{
    command_refuse(command, ERR_PARTNER_STATEMENT_WRONG_STATE, id_show(ID_PARTNER_STATEMENT, row->statement_id),
                   fsm_state_name(&statement_fsm, row->state), allowed);
}

bool statement_allows(const struct partner_statement_row *row, enum statement_event event, struct command *command)
{
    char allowed[160];
    int to;

    if (fsm_next(&statement_fsm, row->state, (int)event, &to))
        return true;
    refuse_state(row, fsm_allowed(&statement_fsm, (int)event, allowed, sizeof allowed), command);
    return false;
}

struct statement_moves statement_moves_begin(size_t n_max, struct arena *arena)
{
    return (struct statement_moves){
        .rows = arena_array_of(arena, struct partner_statement_row *, n_max),
        .events = arena_array_of(arena, struct statement_event_row, n_max),
    };
}

void statement_move_add(struct statement_moves *moves, struct partner_statement_row *row, enum statement_event event,
                        const char *actor, const char *detail, int64_t now_ms)
{
    const int from = row->state;
    int to = 0;

    PRE(fsm_next(&statement_fsm, from, (int)event, &to));
    if (row->version == row->version_read)
        moves->rows[moves->n_rows++] = row;
    row->state = to;
    row->version++;
    row->update_time_ms = now_ms;
    moves->events[moves->n_events++] = (struct statement_event_row){
        .statement_id = row->statement_id,
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

int statement_moves_write(struct batch *batch, const struct statement_moves *moves, struct err *err)
{
    struct partner_statement_row *rows = arena_array_of(batch->arena, struct partner_statement_row, moves->n_rows);

    for (size_t i = 0; i < moves->n_rows; i++)
        rows[i] = *moves->rows[i];
    if (moves->n_rows > 1)
        qsort(rows, moves->n_rows, sizeof *rows, compare_rows);
    return statement_store_move(batch->tx, rows, moves->n_rows, moves->events, moves->n_events, err);
}

int statement_load_approvals(struct batch *batch, const int64_t *statement_ids, size_t n,
                             struct statement_approvals *ret, struct err *err)
{
    struct statement_approval_row *rows = NULL;
    size_t n_rows = 0;
    const int rc = statement_store_find_approvals(batch->tx, statement_ids, n, batch->arena, &rows, &n_rows, err);

    for (size_t i = 0; i < n; i++)
        ret[i] = (struct statement_approvals){0};
    for (size_t i = 0; i < n && rc == 0; i++)
        for (size_t j = 0; j < n_rows; j++)
            if (rows[j].statement_id == statement_ids[i]) { /* those of a statement stand together */
                ret[i].list = ret[i].n == 0 ? &rows[j] : ret[i].list;
                ret[i].n++;
            }
    return rc;
}

static int get_statement_body(struct batch *batch, struct err *err)
{
    struct statement_ref *refs = arena_array_of(batch->arena, struct statement_ref, batch->n);
    struct statement_approvals *approvals = arena_array_of(batch->arena, struct statement_approvals, batch->n);
    int64_t *ids = arena_array_of(batch->arena, int64_t, batch->n);
    int rc;

    for_each_command(struct get_statement, c, batch)
    {
        refs[c_i] = (struct statement_ref){.command = &c->command, .statement_id = c->statement_id};
        ids[c_i] = c->statement_id;
    }
    rc = statement_load(batch, refs, batch->n, err);
    if (rc == 0)
        rc = statement_load_approvals(batch, ids, batch->n, approvals, err);
    if (rc != 0)
        return rc;
    for_each_command(struct get_statement, c, batch)
    {
        c->row = *refs[c_i].row;
        c->approvals = approvals[c_i];
    }
    return 0;
}

static int list_statements_body(struct batch *batch, struct err *err)
{
    int rc = 0;

    for_each_command(struct list_statements, c, batch)
    {
        rc = statement_store_list(batch->tx, c->command.biz_id, c->partner_id, &c->list.page, batch->arena, &c->rows,
                                  &c->n, err);
        if (rc != 0)
            return rc;
    }
    return rc;
}

static bool has_approved(const struct statement_approvals *approvals, const char *actor)
{
    for (size_t i = 0; i < approvals->n; i++)
        if (strcmp(approvals->list[i].actor, actor) == 0)
            return true;
    return false;
}

static void approve(struct approve_statement *c, const struct partner_statement_row *row,
                    const struct statement_approvals *had, struct batch *batch)
{
    struct statement_approval_row *list = arena_array_of(batch->arena, struct statement_approval_row, had->n + 1);

    PRE(row != NULL); /* whose statement is missing was refused */
    if (row->state != STATEMENT_CLOSED) {
        refuse_state(row, "CLOSED", &c->command);
        return;
    }
    if (has_approved(had, c->command.actor)) {
        command_refuse(&c->command, ERR_STATEMENT_APPROVED_TWICE, id_show(ID_PARTNER_STATEMENT, row->statement_id),
                       c->command.actor);
        return;
    }
    if (had->n > 0)
        memcpy(list, had->list, had->n * sizeof *list);
    list[had->n] = (struct statement_approval_row){.statement_id = row->statement_id,
                                                   .actor = c->command.actor,
                                                   .biz_id = row->biz_id,
                                                   .reason = c->reason,
                                                   .create_time_ms = batch->now_ms};
    c->row = *row;
    c->approvals = (struct statement_approvals){.list = list, .n = had->n + 1};
}

/* Approvals of one statement in one batch follow each other. */
static int approve_statement_body(struct batch *batch, struct err *err)
{
    struct statement_ref *refs = arena_array_of(batch->arena, struct statement_ref, batch->n);
    struct statement_approvals *approvals = arena_array_of(batch->arena, struct statement_approvals, batch->n);
    struct statement_approval_row *rows = arena_array_of(batch->arena, struct statement_approval_row, batch->n);
    int64_t *ids = arena_array_of(batch->arena, int64_t, batch->n);
    size_t n = 0;
    int rc;

    for_each_command(struct approve_statement, c, batch)
    {
        refs[c_i] = (struct statement_ref){.command = &c->command, .statement_id = c->statement_id};
        ids[c_i] = c->statement_id;
    }
    rc = statement_lock(batch, refs, batch->n, err);
    if (rc == 0)
        rc = statement_load_approvals(batch, ids, batch->n, approvals, err);
    if (rc != 0)
        return rc;
    for_each_command(struct approve_statement, c, batch)
    {
        approve(c, refs[c_i].row, &approvals[c_i], batch);
        if (c->command.is_done)
            continue;
        for (size_t i = c_i; i < batch->n; i++)
            if (ids[i] == c->statement_id)
                approvals[i] = c->approvals;
        rows[n++] = c->approvals.list[c->approvals.n - 1];
    }
    return statement_store_insert_approvals(batch->tx, rows, n, err);
}

struct batch_plan get_statement_plan = {
    .name = "settlement.get_statement", .home = MODULE_SETTLEMENT, .is_read = true, .body = get_statement_body};
struct batch_plan list_statements_plan = {
    .name = "settlement.list_statements", .home = MODULE_SETTLEMENT, .is_read = true, .body = list_statements_body};
struct batch_plan approve_statement_plan = {.name = "settlement.approve_statement",
                                            .home = MODULE_SETTLEMENT,
                                            .keeps_replies = true,
                                            .body = approve_statement_body};
