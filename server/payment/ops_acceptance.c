/* Accepting agreements; see ops_agreement.h. */
#include <string.h>
#include <strings.h>

#include "base/id.h"
#include "payment/ops_agreement.h"

static const struct agreement_row *find_template(const struct agreement_row *rows, size_t n,
                                                 const struct accept_agreement *c)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].agreement_template_id == c->template_id && rows[i].biz_id == c->command.biz_id)
            return &rows[i];
    return NULL;
}

/* The text that was shown; NULL when the version has none in that language. */
static const struct agreement_text_head *find_text(const struct agreement_text_head *heads, size_t n,
                                                   const struct accept_agreement *c)
{
    for (size_t i = 0; i < n; i++) {
        const bool is_default = c->locale[0] == '\0' && heads[i].text_no == 0;

        if (heads[i].agreement_template_id == c->template_id &&
            (is_default || strcasecmp(heads[i].locale, c->locale) == 0))
            return &heads[i];
    }
    return NULL;
}

static void bind(struct accept_agreement *c, const struct agreement_row *template,
                 const struct agreement_text_head *text)
{
    if (template == NULL) {
        command_refuse(&c->command, ERR_AGREEMENT_TEMPLATE_NOT_FOUND, id_show(ID_TEMPLATE, c->template_id));
    } else if (text == NULL) {
        command_refuse(&c->command, ERR_AGREEMENT_TEXT_NOT_FOUND, id_show(ID_TEMPLATE, c->template_id), c->locale);
    } else {
        c->row = (struct acceptance_row){
            .biz_id = c->command.biz_id,
            .user_id = c->user_id,
            .agreement_template_id = c->template_id,
            .code = template->code,
            .version = template->version,
            .locale = text->locale,
            .order_id = c->order_id,
            .actor = c->command.actor,
            .token_sha256 = c->token_sha256,
        };
        memcpy(c->row.text_sha256, text->text_sha256, SHA256_SIZE);
    }
}

int payment_find_accepted(struct batch *batch, struct err *err)
{
    struct payment_key *keys = arena_array_of(batch->arena, struct payment_key, batch->n);
    int64_t *ids = arena_array_of(batch->arena, int64_t, batch->n);
    struct agreement_row *rows = NULL;
    struct agreement_text_head *heads = NULL;
    size_t n_keys = 0;
    size_t n_rows = 0;
    size_t n_heads = 0;
    int rc;

    for_each_command(struct accept_agreement, c, batch)
    {
        ids[n_keys] = c->template_id;
        keys[n_keys++] = (struct payment_key){.id = c->template_id, .biz_id = c->command.biz_id};
    }
    rc = payment_store_find_agreements(batch->tx, keys, n_keys, batch->arena, &rows, &n_rows, err);
    if (rc == 0)
        rc = payment_store_find_agreement_heads(batch->tx, ids, n_keys, batch->arena, &heads, &n_heads, err);
    for_each_command(struct accept_agreement, c, batch) if (rc == 0)
        bind(c, find_template(rows, n_rows, c), find_text(heads, n_heads, c));
    return rc;
}

static const struct acceptance_row *find_before(const struct acceptance_row *rows, size_t n,
                                                const struct acceptance_row *row)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].biz_id == row->biz_id && rows[i].agreement_template_id == row->agreement_template_id &&
            strcmp(rows[i].user_id, row->user_id) == 0)
            return &rows[i];
    return NULL;
}

/*
 * Whoever has accepted before is shown that. Two that race meet at the unique key: the batch of the later one runs
 * again and finds the first.
 */
int payment_record_acceptances(struct batch *batch, struct err *err)
{
    struct acceptance_key *keys = arena_array_of(batch->arena, struct acceptance_key, batch->n);
    struct acceptance_row *rows = arena_array_of(batch->arena, struct acceptance_row, batch->n);
    struct acceptance_row *before = NULL;
    size_t n_before = 0;
    size_t n_keys = 0;
    size_t n = 0;
    int rc;

    for_each_command(struct accept_agreement, c, batch) keys[n_keys++] = (struct acceptance_key){
        .biz_id = c->row.biz_id, .user_id = c->row.user_id, .agreement_template_id = c->row.agreement_template_id};
    rc = payment_store_find_acceptances(batch->tx, keys, n_keys, batch->arena, &before, &n_before, err);
    if (rc != 0)
        return rc;
    for_each_command(struct accept_agreement, c, batch)
    {
        const struct acceptance_row *first = find_before(before, n_before, &c->row);

        if (first == NULL)
            first = find_before(rows, n, &c->row); /* an earlier command of this batch */
        if (first == NULL) {
            c->row.acceptance_id = id_new(id_route(c->row.biz_id, c->row.user_id));
            c->row.create_time_ms = batch->now_ms;
            rows[n++] = c->row;
        } else {
            c->row = *first;
        }
    }
    return payment_store_insert_acceptances(batch->tx, rows, n, err);
}

static int list_acceptances_body(struct batch *batch, struct err *err)
{
    int rc = 0;

    for_each_command(struct list_acceptances, c, batch)
    {
        c->filter.biz_id = c->command.biz_id;
        rc = payment_store_list_acceptances(batch->tx, &c->filter, &c->list.page, batch->arena, &c->rows, &c->n, err);
        if (rc != 0)
            return rc;
    }
    return rc;
}

struct batch_plan list_acceptances_plan = {
    .name = "payment.list_acceptances", .home = MODULE_PAYMENT, .is_read = true, .body = list_acceptances_body};
