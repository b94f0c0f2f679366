/* Pricing and quotes for flows; see ops.h. */
#include "product/ops.h"

#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "product/ops_offers.h"
#include "product/rules.h"
#include "product/state.h"
#include "product/store.h"

/* Sorts keys and drops repeated ones. Returns how many are left. */
static size_t sort_keys(struct product_key *keys, size_t n)
{
    size_t n_distinct = 0;

    if (n > 1)
        qsort(keys, n, sizeof *keys, product_compare_keys);
    for (size_t i = 0; i < n; i++)
        if (n_distinct == 0 || product_compare_keys(&keys[n_distinct - 1], &keys[i]) != 0)
            keys[n_distinct++] = keys[i];
    return n_distinct;
}

static size_t sku_keys(const struct sale_line *lines, size_t n, struct product_key *keys)
{
    size_t n_keys = 0;

    for (size_t i = 0; i < n; i++)
        if (!lines[i].command->is_done)
            keys[n_keys++] = (struct product_key){.id = lines[i].sku_id, .biz_id = lines[i].command->biz_id};
    return sort_keys(keys, n_keys);
}

static int compare_offers(const void *left, const void *right)
{
    const struct offer_row *a = left;
    const struct offer_row *b = right;

    return product_compare_keys(&(struct product_key){a->sku_id, a->biz_id},
                                &(struct product_key){b->sku_id, b->biz_id});
}

/* The first offer of the SKU in sorted offers; NULL when there is none. */
static const struct offer_row *find_offer(const struct offer_row *offers, size_t n, int64_t sku_id, int64_t biz_id)
{
    const struct offer_row wanted = {.sku_id = sku_id, .biz_id = biz_id};
    const struct offer_row *found = n > 0 ? bsearch(&wanted, offers, n, sizeof *offers, compare_offers) : NULL;

    while (found != NULL && found > offers && compare_offers(found - 1, found) == 0)
        found--;
    return found;
}

static void price_line(struct sale_line *line, const struct offer_row *offers, size_t n)
{
    struct command *command = line->command;
    const struct offer_row *first = find_offer(offers, n, line->sku_id, command->biz_id);
    const struct offer_row *offer = first;

    if (first == NULL) {
        command_refuse(command, ERR_SKU_NOT_FOUND, id_show(ID_SKU, line->sku_id));
        return;
    }
    if (first->sku_state != SALE_PUBLISHED || first->spu_state != SALE_PUBLISHED) {
        command_refuse(command, ERR_SKU_NOT_ON_SALE, id_show(ID_SKU, line->sku_id));
        return;
    }
    while (offer < offers + n && compare_offers(offer, first) == 0 && strcmp(offer->currency, line->currency) != 0)
        offer++;
    if (offer == offers + n || compare_offers(offer, first) != 0) {
        command_refuse(command, ERR_PRICE_MISSING, id_show(ID_SKU, line->sku_id), line->currency);
        return;
    }
    line->spu_id = offer->spu_id;
    line->price_id = offer->price_id;
    line->title = offer->title;
    line->unit_minor = offer->unit_minor;
    line->is_counted = offer->is_counted;
    if (product_line_amount(line->quantity, line->unit_minor, &line->amount_minor) != 0)
        command_refuse(command, ERR_AMOUNT_OVERFLOW, "lines");
}

int product_price_lines(struct batch *batch, struct sale_line *lines, size_t n, struct err *err)
{
    struct product_key *keys = arena_array_of(batch->arena, struct product_key, n);
    const size_t n_keys = sku_keys(lines, n, keys);
    struct offer_row *offers = NULL;
    size_t n_offers = 0;
    int rc;

    rc = product_find_offers(batch, keys, n_keys, &offers, &n_offers, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < n; i++)
        if (!lines[i].command->is_done)
            price_line(&lines[i], offers, n_offers);
    return 0;
}

static struct quote_row *find_quote(struct quote_row *quotes, size_t n, int64_t quote_id, int64_t biz_id)
{
    for (size_t i = 0; i < n; i++)
        if (quotes[i].quote_id == quote_id && quotes[i].biz_id == biz_id)
            return &quotes[i];
    return NULL;
}

/* Existence before state; a second use in the same batch finds the quote used. */
static void bind_quote(struct quote_use *use, struct quote_row *quote, int64_t now_ms)
{
    struct command *command = use->command;
    const char *id = id_show(ID_QUOTE, use->quote_id);

    if (quote == NULL) {
        command_refuse(command, ERR_QUOTE_NOT_FOUND, id);
    } else if (strcmp(quote->user_id, use->user_id) != 0) {
        command_refuse(command, ERR_QUOTE_MISMATCH, id);
    } else if (quote->order_id != 0) {
        command_refuse(command, ERR_QUOTE_USED, id);
    } else if (quote->expire_time_ms <= now_ms) {
        command_refuse(command, ERR_QUOTE_EXPIRED, id);
    } else {
        quote->order_id = use->order_id;
        use->total = money_of(quote->amount_minor, quote->currency);
    }
}

static struct sale_line line_of(const struct quote_line_row *row, struct command *command, const char *currency)
{
    struct sale_line line = {
        .command = command,
        .sku_id = row->sku_id,
        .quantity = row->quantity,
        .spu_id = row->spu_id,
        .price_id = row->price_id,
        .title = row->title,
        .unit_minor = row->unit_minor,
        .amount_minor = row->amount_minor,
    };

    memcpy(line.currency, currency, CURRENCY_SIZE);
    return line;
}

/* Gives each use its lines; whether stock is counted is asked now, a quote does not bind it. */
static int fill_lines(struct batch *batch, struct quote_use *uses, size_t n, const struct quote_line_row *rows,
                      size_t n_rows, struct err *err)
{
    struct sale_line *lines = arena_array_of(batch->arena, struct sale_line, n_rows);
    struct product_key *keys = arena_array_of(batch->arena, struct product_key, n_rows);
    struct stock_row *stocks = NULL;
    size_t n_stocks = 0;
    size_t used = 0;
    int rc;

    for (size_t i = 0; i < n; i++) {
        if (uses[i].command->is_done)
            continue;
        uses[i].lines = lines + used;
        for (size_t j = 0; j < n_rows; j++)
            if (rows[j].quote_id == uses[i].quote_id)
                lines[used++] = line_of(&rows[j], uses[i].command, uses[i].total.currency);
        uses[i].n_lines = (size_t)(lines + used - uses[i].lines);
    }
    const size_t n_keys = sku_keys(lines, used, keys);

    rc = product_store_find_stocks(batch->tx, keys, n_keys, batch->arena, &stocks, &n_stocks, err);
    for (size_t i = 0; i < used && rc == 0; i++)
        for (size_t j = 0; j < n_stocks; j++)
            if (stocks[j].sku_id == lines[i].sku_id)
                lines[i].is_counted = stocks[j].is_counted;
    return rc;
}

int product_use_quotes(struct batch *batch, struct quote_use *uses, size_t n, struct err *err)
{
    struct product_key *keys = arena_array_of(batch->arena, struct product_key, n);
    int64_t *ids = arena_array_of(batch->arena, int64_t, n);
    struct quote_row *quotes = NULL;
    struct quote_line_row *rows = NULL;
    size_t n_quotes = 0;
    size_t n_rows = 0;
    size_t n_keys = 0;
    int rc;

    for (size_t i = 0; i < n; i++)
        if (!uses[i].command->is_done)
            keys[n_keys++] = (struct product_key){.id = uses[i].quote_id, .biz_id = uses[i].command->biz_id};
    n_keys = sort_keys(keys, n_keys);
    rc = product_store_find_quotes(batch->tx, keys, n_keys, batch->arena, &quotes, &n_quotes, err);
    if (rc != 0)
        return rc;

    for (size_t i = 0; i < n; i++)
        if (!uses[i].command->is_done)
            bind_quote(&uses[i], find_quote(quotes, n_quotes, uses[i].quote_id, uses[i].command->biz_id),
                       batch->now_ms);
    for (size_t i = 0; i < n_quotes; i++)
        ids[i] = quotes[i].quote_id;
    rc = product_store_find_quote_lines(batch->tx, ids, n_quotes, batch->arena, &rows, &n_rows, err);
    if (rc != 0)
        return rc;
    return fill_lines(batch, uses, n, rows, n_rows, err);
}

int product_mark_quotes(struct batch *batch, const struct quote_use *uses, size_t n, struct err *err)
{
    struct quote_row *rows = arena_array_of(batch->arena, struct quote_row, n);
    size_t n_rows = 0;

    for (size_t i = 0; i < n; i++)
        if (!uses[i].command->is_done)
            rows[n_rows++] = (struct quote_row){
                .quote_id = uses[i].quote_id, .biz_id = uses[i].command->biz_id, .order_id = uses[i].order_id};
    return product_store_mark_quotes(batch->tx, rows, n_rows, err);
}
