/* Commands on split rules; see ops_rule.h. What a sale asks: ops_rule_at.c. */
#include "settlement/ops_rule.h"

#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "settlement/rules.h"

/* The partners that a rule names: of its parts, then of the remainder; 0 where it is the platform. */
static size_t count_named(const struct create_rule *c)
{
    return c->parts.n + 1;
}

static int64_t named(const struct create_rule *c, size_t i)
{
    return i < c->parts.n ? c->parts.list[i].partner_id : c->remainder_partner_id;
}

static int load_partners(struct batch *batch, struct partner_row **ret_rows, size_t *ret_n, struct err *err)
{
    struct settlement_key *keys;
    size_t n = 0;

    for_each_command(struct create_rule, c, batch) n += count_named(c);
    keys = arena_array_of(batch->arena, struct settlement_key, n);
    n = 0;
    for_each_command(struct create_rule, c, batch) for (size_t i = 0; i < count_named(c); i++) if (named(c, i) != 0)
        keys[n++] = (struct settlement_key){.id = named(c, i), .biz_id = c->command.biz_id};
    return settlement_store_find_partners(batch->tx, keys, n, batch->arena, ret_rows, ret_n, err);
}

static const struct partner_row *find_partner(const struct partner_row *rows, size_t n, int64_t partner_id,
                                              int64_t biz_id)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].partner_id == partner_id && rows[i].biz_id == biz_id)
            return &rows[i];
    return NULL;
}

/* Existence of all before the state of any, and then the currencies of fixed parts. */
static void check_partners(struct create_rule *c, const struct partner_row *rows, size_t n, struct arena *arena)
{
    const struct partner_row **partners = arena_array_of(arena, const struct partner_row *, count_named(c));

    for (size_t i = 0; i < count_named(c); i++) {
        if (named(c, i) == 0)
            continue;
        partners[i] = find_partner(rows, n, named(c, i), c->command.biz_id);
        if (partners[i] == NULL) {
            command_refuse(&c->command, ERR_PARTNER_NOT_FOUND, id_show(ID_PARTNER, named(c, i)));
            return;
        }
    }
    for (size_t i = 0; i < count_named(c); i++)
        if (partners[i] != NULL && partners[i]->state != PARTNER_ACTIVE) {
            command_refuse(&c->command, ERR_PARTNER_WRONG_STATE, id_show(ID_PARTNER, named(c, i)), "CLOSED", "ACTIVE");
            return;
        }
    for (size_t i = 0; i < c->parts.n; i++)
        if (partners[i] != NULL && c->parts.list[i].kind == SPLIT_FIXED &&
            strcmp(partners[i]->currency, c->currency) != 0) {
            command_refuse(&c->command, ERR_CURRENCY_MISMATCH, c->currency, partners[i]->currency);
            return;
        }
}

int settlement_check_rules(struct batch *batch, struct err *err)
{
    struct partner_row *rows = NULL;
    size_t n = 0;
    int rc;

    for_each_command(struct create_rule, c, batch)
    {
        struct split_problem problem = {0};
        struct split_rule_row rule = {0};

        snprintf(rule.currency, sizeof rule.currency, "%s", c->currency);
        if (split_check(&rule, c->parts.list, c->parts.n, &problem) != 0)
            command_refuse(&c->command, ERR_SPLIT_RATIO, err_i64(problem.level), problem.text);
    }
    rc = load_partners(batch, &rows, &n, err);
    for_each_command(struct create_rule, c, batch) if (rc == 0) check_partners(c, rows, n, batch->arena);
    return rc;
}

static bool is_same_scope(const struct split_rule_row *a, const struct split_rule_row *b)
{
    return a->biz_id == b->biz_id && a->scope == b->scope && a->scope_id == b->scope_id;
}

static int64_t end_of(const struct split_rule_row *row)
{
    return row->to_time_ms != 0 ? row->to_time_ms : INT64_MAX;
}

/* The rule's row, but for what is set when it is accepted. */
static struct split_rule_row row_of(const struct create_rule *c, int64_t now_ms)
{
    struct split_rule_row row = {
        .biz_id = c->command.biz_id,
        .scope = c->scope,
        .scope_id = c->scope_id,
        .remainder_partner_id = c->remainder_partner_id,
        .from_time_ms = c->from_time_ms != 0 ? c->from_time_ms : now_ms,
        .to_time_ms = c->to_time_ms,
        .version = 1,
        .create_time_ms = now_ms,
        .update_time_ms = now_ms,
    };

    memcpy(row.currency, c->currency, strlen(c->currency) + 1);
    return row;
}

static void check_times(struct create_rule *c, const struct split_rule_row *row, int64_t now_ms)
{
    if (row->from_time_ms < now_ms)
        command_refuse(&c->command, ERR_SPLIT_RULE_PAST, "from_time");
    else if (end_of(row) <= row->from_time_ms)
        command_refuse(&c->command, ERR_SPLIT_RULE_PAST, "to_time");
}

/* `known` are the rules that are there, and those that this batch has made before. Numbers the row among them. */
static void check_overlap(struct create_rule *c, struct split_rule_row *row, const struct split_rule_row *known,
                          size_t n)
{
    row->seq = 1;
    for (size_t i = 0; i < n; i++) {
        if (!is_same_scope(&known[i], row))
            continue;
        if (known[i].from_time_ms < end_of(row) && row->from_time_ms < end_of(&known[i])) {
            command_refuse(&c->command, ERR_SPLIT_RULE_OVERLAP, id_show(ID_SPLIT_RULE, known[i].rule_id));
            return;
        }
        if (known[i].seq >= row->seq)
            row->seq = known[i].seq + 1;
    }
}

/* Stored rules of the commands' scopes, with room for as many more as the batch may make. */
static int load_known(struct batch *batch, struct split_rule_row **ret_known, size_t *ret_n, struct err *err)
{
    struct split_scope_key *keys = arena_array_of(batch->arena, struct split_scope_key, batch->n);
    struct split_rule_row *rows = NULL;
    size_t n_keys = 0;
    int rc;

    for_each_command(struct create_rule, c, batch) keys[n_keys++] =
        (struct split_scope_key){.biz_id = c->command.biz_id, .scope = c->scope, .scope_id = c->scope_id};
    rc = settlement_store_find_rules_of(batch->tx, keys, n_keys, batch->arena, &rows, ret_n, err);
    if (rc != 0)
        return rc;
    *ret_known = arena_array_of(batch->arena, struct split_rule_row, *ret_n + batch->n);
    if (*ret_n > 0)
        memcpy(*ret_known, rows, *ret_n * sizeof *rows);
    return 0;
}

static int write_rules(struct batch *batch, const struct split_rule_row *rows, size_t n, struct err *err)
{
    struct split_part_row *parts;
    size_t n_parts = 0;

    for_each_command(struct create_rule, c, batch) n_parts += c->parts.n;
    parts = arena_array_of(batch->arena, struct split_part_row, n_parts);
    n_parts = 0;
    for_each_command(struct create_rule, c, batch) for (size_t i = 0; i < c->parts.n; i++)
    {
        struct split_part_row *part = &c->parts.list[i];

        part->rule_id = c->row.rule_id;
        part->part_no = (int32_t)i + 1;
        part->biz_id = c->row.biz_id;
        parts[n_parts++] = *part;
    }
    return settlement_store_insert_rules(batch->tx, rows, n, parts, n_parts, err);
}

/*
 * Two creations at once may each see a scope without the other's rule. Both then count the same `seq`, and the unique
 * key of the scope lets one of them in: the other's batch runs again, and sees it. Nothing else could make rules
 * overlap, since they are never removed and only ever end earlier.
 */
int settlement_create_rules(struct batch *batch, struct err *err)
{
    struct split_rule_row *known = NULL;
    size_t n_stored = 0;
    size_t n;
    int rc;

    rc = load_known(batch, &known, &n_stored, err);
    if (rc != 0)
        return rc;
    n = n_stored;
    for_each_command(struct create_rule, c, batch)
    {
        struct split_rule_row row = row_of(c, batch->now_ms);

        check_times(c, &row, batch->now_ms);
        if (!c->command.is_done)
            check_overlap(c, &row, known, n);
        if (c->command.is_done)
            continue;
        row.rule_id = id_new(0);
        known[n++] = row;
        c->row = row;
    }
    return write_rules(batch, known + n_stored, n - n_stored, err);
}

static struct split_rule_row *find(struct split_rule_row *rows, size_t n, int64_t rule_id, int64_t biz_id)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].rule_id == rule_id && rows[i].biz_id == biz_id)
            return &rows[i];
    return NULL;
}

/* The parts of each rule, which come together; none for 0. */
static int load_parts(struct batch *batch, const int64_t *rule_ids, size_t n, struct split_parts *ret_parts,
                      struct err *err)
{
    struct split_part_row *rows = NULL;
    size_t n_rows = 0;
    int rc;

    rc = settlement_store_find_parts(batch->tx, rule_ids, n, batch->arena, &rows, &n_rows, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < n; i++) {
        struct split_parts parts = {0};

        for (size_t at = 0; at < n_rows; at++)
            if (rows[at].rule_id == rule_ids[i]) {
                parts.list = parts.n == 0 ? &rows[at] : parts.list;
                parts.n++;
            }
        ret_parts[i] = parts;
    }
    return 0;
}

static void end(struct end_rule *c, struct split_rule_row *row, int64_t now_ms)
{
    const int64_t to_time_ms = c->to_time_ms != 0 ? c->to_time_ms : now_ms;

    if (to_time_ms < now_ms || to_time_ms <= row->from_time_ms) {
        command_refuse(&c->command, ERR_SPLIT_RULE_PAST, "to_time");
        return;
    }
    if (to_time_ms > end_of(row)) {
        command_refuse(&c->command, ERR_SPLIT_RULE_ENDED, id_show(ID_SPLIT_RULE, row->rule_id));
        return;
    }
    if (row->to_time_ms != to_time_ms) {
        row->to_time_ms = to_time_ms;
        row->version++;
        row->update_time_ms = now_ms;
    }
    c->row = *row;
}

/* Several ends of one rule in a batch follow each other on the loaded row, which is written once. */
static int end_rule_body(struct batch *batch, struct err *err)
{
    struct settlement_key *keys = arena_array_of(batch->arena, struct settlement_key, batch->n);
    int64_t *ids = arena_array_of(batch->arena, int64_t, batch->n);
    struct split_parts *parts = arena_array_of(batch->arena, struct split_parts, batch->n);
    struct split_rule_row *rows = NULL;
    size_t n = 0;
    size_t n_changed = 0;
    int rc;

    for_each_command(struct end_rule, c, batch) keys[c_i] =
        (struct settlement_key){.id = c->rule_id, .biz_id = c->command.biz_id};
    rc = settlement_store_find_rules(batch->tx, keys, batch->n, batch->arena, &rows, &n, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < n; i++)
        rows[i].version_read = rows[i].version;
    for_each_command(struct end_rule, c, batch)
    {
        struct split_rule_row *row = find(rows, n, c->rule_id, c->command.biz_id);

        if (row == NULL)
            command_refuse(&c->command, ERR_SPLIT_RULE_NOT_FOUND, id_show(ID_SPLIT_RULE, c->rule_id));
        else
            end(c, row, batch->now_ms);
    }
    for (size_t i = 0; i < n; i++)
        if (rows[i].version != rows[i].version_read)
            rows[n_changed++] = rows[i];
    rc = settlement_store_end_rules(batch->tx, rows, n_changed, err);
    if (rc != 0)
        return rc;

    for_each_command(struct end_rule, c, batch) ids[c_i] = c->rule_id;
    rc = load_parts(batch, ids, batch->n, parts, err);
    for_each_command(struct end_rule, c, batch) c->parts = parts[c_i];
    return rc;
}

static int get_rule_body(struct batch *batch, struct err *err)
{
    struct settlement_key *keys = arena_array_of(batch->arena, struct settlement_key, batch->n);
    int64_t *ids = arena_array_of(batch->arena, int64_t, batch->n);
    struct split_parts *parts = arena_array_of(batch->arena, struct split_parts, batch->n);
    struct split_rule_row *rows = NULL;
    size_t n = 0;
    int rc;

    for_each_command(struct get_rule, c, batch) keys[c_i] =
        (struct settlement_key){.id = c->rule_id, .biz_id = c->command.biz_id};
    rc = settlement_store_find_rules(batch->tx, keys, batch->n, batch->arena, &rows, &n, err);
    if (rc != 0)
        return rc;
    for_each_command(struct get_rule, c, batch)
    {
        const struct split_rule_row *row = find(rows, n, c->rule_id, c->command.biz_id);

        if (row == NULL) {
            command_refuse(&c->command, ERR_SPLIT_RULE_NOT_FOUND, id_show(ID_SPLIT_RULE, c->rule_id));
        } else {
            c->row = *row;
            ids[c_i] = c->rule_id;
        }
    }
    rc = load_parts(batch, ids, batch->n, parts, err);
    for_each_command(struct get_rule, c, batch) c->parts = parts[c_i];
    return rc;
}

static int list_rules_body(struct batch *batch, struct err *err)
{
    int rc = 0;

    for_each_command(struct list_rules, c, batch)
    {
        rc = settlement_store_list_rules(batch->tx, c->command.biz_id, &c->list.page, batch->arena, &c->rows, &c->n,
                                         err);
        if (rc != 0)
            return rc;
        int64_t *ids = arena_array_of(batch->arena, int64_t, c->n);

        for (size_t i = 0; i < c->n; i++)
            ids[i] = c->rows[i].rule_id;
        c->parts = arena_array_of(batch->arena, struct split_parts, c->n);
        rc = load_parts(batch, ids, c->n, c->parts, err);
        if (rc != 0)
            return rc;
    }
    return rc;
}

struct batch_plan end_rule_plan = {
    .name = "settlement.end_rule", .home = MODULE_SETTLEMENT, .keeps_replies = true, .body = end_rule_body};
struct batch_plan get_rule_plan = {
    .name = "settlement.get_rule", .home = MODULE_SETTLEMENT, .is_read = true, .body = get_rule_body};
struct batch_plan list_rules_plan = {
    .name = "settlement.list_rules", .home = MODULE_SETTLEMENT, .is_read = true, .body = list_rules_body};
