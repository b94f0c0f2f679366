/* Which rule holds for what is sold; see ops_rule.h. Asked for every line that is paid, so once for a batch. */
#include <stdlib.h>

#include "settlement/ops_rule.h"

static int compare_scopes(const void *left, const void *right)
{
    const struct split_scope_key *a = left;
    const struct split_scope_key *b = right;

    if (a->biz_id != b->biz_id)
        return a->biz_id < b->biz_id ? -1 : 1;
    if (a->scope != b->scope)
        return a->scope < b->scope ? -1 : 1;
    return (a->scope_id > b->scope_id) - (a->scope_id < b->scope_id);
}

static struct split_scope_key scope_of(const struct split_rule_row *row)
{
    return (struct split_scope_key){.biz_id = row->biz_id, .scope = row->scope, .scope_id = row->scope_id};
}

static int compare_rules(const void *left, const void *right)
{
    const struct split_scope_key a = scope_of(left);
    const struct split_scope_key b = scope_of(right);

    return compare_scopes(&a, &b);
}

enum { SCOPES_OF_A_LINE = 3 };

/* The scopes that a line is in, the narrowest first. */
static void scopes_of(const struct sold_line *line, struct split_scope_key *ret_scopes)
{
    ret_scopes[0] = (struct split_scope_key){.biz_id = line->biz_id, .scope = SCOPE_SKU, .scope_id = line->sku_id};
    ret_scopes[1] = (struct split_scope_key){.biz_id = line->biz_id, .scope = SCOPE_SPU, .scope_id = line->spu_id};
    ret_scopes[2] = (struct split_scope_key){.biz_id = line->biz_id, .scope = SCOPE_BUSINESS, .scope_id = line->biz_id};
}

/* The scopes of all lines, sorted, each once: thousands of lines are of a few SKUs. */
static size_t gather_scopes(const struct sold_line *lines, size_t n, struct split_scope_key *scopes)
{
    size_t n_distinct = 0;

    for (size_t i = 0; i < n; i++)
        scopes_of(&lines[i], scopes + i * SCOPES_OF_A_LINE);
    if (n > 0)
        qsort(scopes, n * SCOPES_OF_A_LINE, sizeof *scopes, compare_scopes);
    for (size_t i = 0; i < n * SCOPES_OF_A_LINE; i++)
        if (n_distinct == 0 || compare_scopes(&scopes[n_distinct - 1], &scopes[i]) != 0)
            scopes[n_distinct++] = scopes[i];
    return n_distinct;
}

/* The rule of the scope that holds at that time, in rules sorted by scope: there is one at most. 0 when there is none.
 */
static int64_t rule_of(const struct split_rule_row *rules, size_t n, const struct split_scope_key *scope,
                       int64_t time_ms)
{
    const struct split_rule_row wanted = {.biz_id = scope->biz_id, .scope = scope->scope, .scope_id = scope->scope_id};
    const struct split_rule_row *at = n > 0 ? bsearch(&wanted, rules, n, sizeof *rules, compare_rules) : NULL;

    while (at != NULL && at > rules && compare_rules(at - 1, &wanted) == 0)
        at--;
    for (; at != NULL && at < rules + n && compare_rules(at, &wanted) == 0; at++)
        if (at->from_time_ms <= time_ms && (at->to_time_ms == 0 || time_ms < at->to_time_ms))
            return at->rule_id;
    return 0;
}

int settlement_rules_at(struct batch *batch, const struct sold_line *lines, size_t n, int64_t *ret_rule_ids,
                        struct err *err)
{
    struct split_scope_key *scopes = arena_array_of(batch->arena, struct split_scope_key, n * SCOPES_OF_A_LINE);
    struct split_rule_row *rules = NULL;
    size_t n_rules = 0;
    int rc;

    rc = settlement_store_find_rules_of(batch->tx, scopes, gather_scopes(lines, n, scopes), batch->arena, &rules,
                                        &n_rules, err);
    if (rc != 0)
        return rc;
    if (n_rules > 1)
        qsort(rules, n_rules, sizeof *rules, compare_rules);
    for (size_t i = 0; i < n; i++) {
        struct split_scope_key of_line[SCOPES_OF_A_LINE];

        scopes_of(&lines[i], of_line);
        ret_rule_ids[i] = 0;
        for (size_t j = 0; j < SCOPES_OF_A_LINE && ret_rule_ids[i] == 0; j++)
            ret_rule_ids[i] = rule_of(rules, n_rules, &of_line[j], lines[i].time_ms);
    }
    return 0;
}
