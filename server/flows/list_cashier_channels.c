/*
 * What a cashier offers; see list_cashier_channels.h. In the order of the steps:
 *
 *   load      order: the order, which waits for money
 *   choose    payment: the business's accounts that take it
 *   prefer    order, payment: the account of the user's last paid order
 *   show      payment: what the user has yet to accept, in the page's language
 */
#include "flows/list_cashier_channels.h"

#include <stdlib.h>
#include <string.h>

#include "flows/open_agreements.h"
#include "payment/channel.h"
#include "payment/rules.h"

/* How far back a user's orders are looked at for the account that was used last; agreements are bounded in number. */
enum { LOOK_BACK = 10 };

/* One command's work on the way. */
struct cashier {
    struct list_cashier_channels *c;
    struct order_row *order; /* NULL: nothing is offered */
    int64_t last_payment_id; /* of the user; 0: none */
};

static int load(struct batch *batch, struct cashier *cashiers, struct err *err)
{
    struct order_ref *refs = arena_array_of(batch->arena, struct order_ref, batch->n);
    int rc;

    for (size_t i = 0; i < batch->n; i++) {
        cashiers[i].c = (void *)batch->commands[i];
        refs[i] = (struct order_ref){.command = batch->commands[i], .order_id = cashiers[i].c->order_id};
    }
    rc = order_load(batch, refs, batch->n, err);
    for (size_t i = 0; i < batch->n && rc == 0; i++)
        if (refs[i].row != NULL && refs[i].row->state == ORDER_PENDING_PAYMENT &&
            refs[i].row->due_time_ms > batch->now_ms)
            cashiers[i].order = refs[i].row;
    return rc;
}

/* An account whose secrets are missing would be refused when it comes to paying. */
static bool is_offered(const struct channel_account_row *account, const struct cashier *cashier)
{
    const struct payment_limits limits = {account->currencies, account->amount_min, account->amount_max};
    const struct order_row *order = cashier->order;
    struct channel_account opened;
    struct err why = {0};

    return account->biz_id == order->biz_id &&
           payment_limits_allow(&limits, money_of(order->amount_minor, order->currency)) &&
           payment_platforms_have(account->platforms, cashier->c->platform) &&
           channel_open(account, &opened, &why) == 0;
}

static int choose(struct batch *batch, struct cashier *cashiers, struct err *err)
{
    int64_t *biz_ids = arena_array_of(batch->arena, int64_t, batch->n);
    struct channel_account_row *rows = NULL;
    size_t n_ids = 0;
    size_t n = 0;
    int rc;

    for (size_t i = 0; i < batch->n; i++)
        if (cashiers[i].order != NULL)
            biz_ids[n_ids++] = cashiers[i].order->biz_id;
    rc = payment_store_find_enabled_accounts(batch->tx, biz_ids, n_ids, batch->arena, &rows, &n, err);
    for (size_t i = 0; i < batch->n && rc == 0; i++) {
        struct list_cashier_channels *c = cashiers[i].c;

        c->n_channels = 0;
        if (cashiers[i].order == NULL)
            continue;
        c->channels = arena_array_of(batch->arena, struct channel_account_row, n);
        for (size_t j = 0; j < n; j++)
            if (is_offered(&rows[j], &cashiers[i]))
                c->channels[c->n_channels++] = rows[j];
    }
    return rc;
}

/* The last of the user's orders that money came for. */
static int find_last_paid(struct batch *batch, struct cashier *cashier, struct err *err)
{
    const struct order_filter filter = {.biz_id = cashier->order->biz_id,
                                        .user_id = cashier->order->user_id,
                                        .create_to_ms = INT64_MAX,
                                        .id_to = INT64_MAX};
    const struct page page = {.size = LOOK_BACK};
    struct order_row *rows = NULL;
    size_t n = 0;
    int rc;

    rc = order_store_list(batch->tx, &filter, &page, batch->arena, &rows, &n, err);
    for (size_t i = 0; i < n && rc == 0 && cashier->last_payment_id == 0; i++)
        if (rows[i].state != ORDER_PENDING_PAYMENT && rows[i].state != ORDER_CLOSED)
            cashier->last_payment_id = rows[i].payment_id;
    return rc;
}

static int prefer(struct batch *batch, struct cashier *cashiers, struct err *err)
{
    struct payment_key *keys = arena_array_of(batch->arena, struct payment_key, batch->n);
    struct payment_row *rows = NULL;
    size_t n_keys = 0;
    size_t n = 0;
    int rc = 0;

    for (size_t i = 0; i < batch->n && rc == 0; i++) {
        cashiers[i].c->preferred_id = 0;
        if (cashiers[i].c->n_channels < 2)
            continue; /* there is nothing to order */
        rc = find_last_paid(batch, &cashiers[i], err);
        if (cashiers[i].last_payment_id != 0)
            keys[n_keys++] =
                (struct payment_key){.id = cashiers[i].last_payment_id, .biz_id = cashiers[i].order->biz_id};
    }
    if (rc == 0)
        rc = payment_store_find(batch->tx, keys, n_keys, batch->arena, &rows, &n, err);
    for (size_t i = 0; i < batch->n && rc == 0; i++)
        for (size_t j = 0; j < n; j++)
            if (rows[j].payment_id == cashiers[i].last_payment_id)
                cashiers[i].c->preferred_id = rows[j].channel_account_id;
    return rc;
}

static int compare_channels(const void *left, const void *right)
{
    const struct channel_account_row *a = left;
    const struct channel_account_row *b = right;

    if (a->priority != b->priority)
        return a->priority < b->priority ? -1 : 1;
    return (a->channel_account_id > b->channel_account_id) - (a->channel_account_id < b->channel_account_id);
}

/* Best first, from the page's first one on. */
static void order_channels(struct list_cashier_channels *c)
{
    const size_t n_before =
        c->list.page.after_id < (int64_t)c->n_channels ? (size_t)c->list.page.after_id : c->n_channels;

    if (c->n_channels > 1)
        qsort(c->channels, c->n_channels, sizeof *c->channels, compare_channels);
    for (size_t i = 1; i < c->n_channels; i++)
        if (c->channels[i].channel_account_id == c->preferred_id) {
            const struct channel_account_row preferred = c->channels[i];

            memmove(c->channels + 1, c->channels, i * sizeof *c->channels);
            c->channels[0] = preferred;
        }
    c->channels += n_before;
    c->n_channels -= n_before;
}

/* One look for each cashier that shows its first page. Returns how many. */
static size_t begin_looks(struct cashier *cashiers, size_t n, struct cashier **ret_shown, struct agreement_look *looks,
                          struct order_row **orders)
{
    size_t n_looks = 0;

    for (size_t i = 0; i < n; i++) {
        cashiers[i].c->n_agreements = 0;
        if (cashiers[i].order == NULL || cashiers[i].c->list.page.after_id != 0)
            continue;
        ret_shown[n_looks] = &cashiers[i];
        orders[n_looks] = cashiers[i].order;
        looks[n_looks++] = (struct agreement_look){.command = &cashiers[i].c->command};
    }
    return n_looks;
}

static int show(struct batch *batch, struct cashier *cashiers, struct err *err)
{
    struct cashier **shown = arena_array_of(batch->arena, struct cashier *, batch->n);
    struct agreement_look *looks = arena_array_of(batch->arena, struct agreement_look, batch->n);
    struct order_row **orders = arena_array_of(batch->arena, struct order_row *, batch->n);
    const size_t n = begin_looks(cashiers, batch->n, shown, looks, orders);
    struct agreement_view *views;
    size_t n_views = 0;
    int rc;

    rc = payment_find_agreement_versions(batch, looks, n, err);
    if (rc == 0)
        rc = open_agreements(batch, looks, orders, n, err);
    for (size_t i = 0; i < n && rc == 0; i++)
        n_views += looks[i].n;
    if (rc != 0 || n_views == 0)
        return rc;
    views = arena_array_of(batch->arena, struct agreement_view, n_views);
    n_views = 0;
    for (size_t i = 0; i < n; i++) {
        shown[i]->c->agreements = views + n_views;
        shown[i]->c->n_agreements = looks[i].n;
        for (size_t j = 0; j < looks[i].n; j++)
            views[n_views++] = (struct agreement_view){.template_id = looks[i].list[j].template_id,
                                                       .biz_id = looks[i].command->biz_id,
                                                       .wanted = shown[i]->c->locale};
    }
    return payment_load_agreement_views(batch, views, n_views, INT64_MAX, &n_views, err);
}

static int list_cashier_channels_body(struct batch *batch, struct err *err)
{
    struct cashier *cashiers = arena_array_of(batch->arena, struct cashier, batch->n);
    int rc = load(batch, cashiers, err);

    if (rc == 0)
        rc = choose(batch, cashiers, err);
    if (rc == 0)
        rc = prefer(batch, cashiers, err);
    for (size_t i = 0; i < batch->n && rc == 0; i++)
        if (cashiers[i].order != NULL)
            order_channels(cashiers[i].c);
    return rc != 0 ? rc : show(batch, cashiers, err);
}

struct batch_plan list_cashier_channels_plan = {.name = "payment.list_cashier_channels",
                                                .home = MODULE_PAYMENT,
                                                .is_read = true,
                                                .body = list_cashier_channels_body};
