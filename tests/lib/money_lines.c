/* Sales, clearing, refunds and disputes; see money_world.h. */
#include <string.h>

#include "flows/book_money.h"
#include "lib/money_world.h"
#include "settlement/rules_line.h"

static struct new_entries entries_begin(struct world *w, size_t n_max)
{
    return (struct new_entries){.list = arena_array_of(w->batch.arena, struct clearing_entry_row, n_max)};
}

/* Any rule that split_check lets pass; partners are few, so that they meet in several levels. */
static void draw_rule(struct world *w, struct world_order *order)
{
    const size_t n_max = (size_t)random_up_to(w, one_in(w, 8) ? 12 : 4);
    int32_t level = 1;
    int64_t points_left = BASIS_POINTS_WHOLE;
    unsigned named = 0;

    order->rule =
        (struct split_rule_row){.rule_id = 1, .biz_id = WORLD_BIZ, .remainder_partner_id = random_up_to(w, 2)};
    memcpy(order->rule.currency, world_currencies[one_in(w, 4) ? 0 : order->currency], CURRENCY_SIZE);
    order->n_parts = 0;
    while (order->n_parts < n_max && level <= SPLIT_LEVEL_MAX) {
        const int64_t partner_id = random_up_to(w, WORLD_PARTNERS);
        struct split_part_row *part = &order->parts[order->n_parts];

        if (named >> partner_id & 1 || points_left == 0) {
            level++;
            points_left = BASIS_POINTS_WHOLE;
            named = 0;
            continue;
        }
        *part = (struct split_part_row){.rule_id = 1, .level = level, .partner_id = partner_id};
        part->kind = one_in(w, 3) ? SPLIT_FIXED : SPLIT_BASIS_POINTS;
        part->value = part->kind == SPLIT_FIXED ? random_amount(w) : 1 + random_up_to(w, points_left - 1);
        points_left -= part->kind == SPLIT_FIXED ? 0 : part->value;
        named |= 1u << partner_id;
        order->n_parts++;
    }
}

static struct clearing_row draw_line(struct world *w, const struct world_order *order, int32_t line_no)
{
    const int64_t quantity = 1 + random_up_to(w, 3);
    struct clearing_row row = {.order_id = (int64_t)w->n_orders + 1,
                               .line_no = line_no,
                               .biz_id = WORLD_BIZ,
                               .rule_id = order->rule.rule_id,
                               .quantity = quantity,
                               .state = CLEARING_PENDING,
                               .amount_minor = one_in(w, 32) ? 0 : quantity * random_amount(w)};

    memcpy(row.currency, world_currencies[order->currency], CURRENCY_SIZE);
    return row;
}

void world_sell(struct world *w)
{
    struct world_order *order = &w->orders[w->n_orders];
    struct transfers transfers = transfers_begin(1, w->batch.arena);
    struct paid_line paid[WORLD_LINES] = {0};
    struct payment_row payment = {
        .payment_id = ++w->last_id, .biz_id = WORLD_BIZ, .channel_account_id = 1 + random_up_to(w, WORLD_CHANNELS - 1)};
    struct err err = {0};

    if (w->n_orders == WORLD_ORDERS)
        return;
    order->currency =
        w->n_orders > 0 && !one_in(w, 4) ? w->orders[0].currency : (size_t)random_up_to(w, WORLD_CURRENCIES - 1);
    order->n_lines = 1 + (size_t)random_up_to(w, WORLD_LINES - 1);
    draw_rule(w, order);
    if (one_in(w, 16))
        order->rule = (struct split_rule_row){0}; /* sold under none */
    memcpy(payment.currency, world_currencies[order->currency], CURRENCY_SIZE);
    for (size_t i = 0; i < order->n_lines; i++) {
        paid[i].row = draw_line(w, order, (int32_t)i + 1);
        paid[i].row.channel_account_id = payment.channel_account_id;
        payment.amount_minor += paid[i].row.amount_minor;
        order->lines[i] = (struct world_line){0};
    }
    payment.fee_minor = random_up_to(w, one_in(w, 8) ? payment.amount_minor : payment.amount_minor / 20);
    world_expect(w, book_fee(paid, order->n_lines, payment.fee_minor, &err) == 0, "a fee is not divided");
    for (size_t i = 0; i < order->n_lines; i++)
        order->rows[i] = paid[i].row;
    book_payment(&transfers, &payment, w->batch.arena);
    w->n_orders++;
    world_finish(w, &transfers, NULL);
    w->happened[HAPPENED_SOLD]++;
}

static struct world_order *draw_order(struct world *w)
{
    return &w->orders[random_up_to(w, (int64_t)w->n_orders - 1)];
}

void world_clear(struct world *w)
{
    struct world_order *order = draw_order(w);
    struct transfers transfers = transfers_begin(WORLD_LINES, w->batch.arena);
    struct new_entries made = entries_begin(w, WORLD_LINES * (WORLD_PARTNERS + 1));
    struct err err = {0};

    if (order->rows[0].state != CLEARING_PENDING)
        return;
    for (size_t i = 0; i < order->n_lines; i++) {
        const struct line_division division = {.row = &order->rows[i],
                                               .rule = order->rule.rule_id != 0 ? &order->rule : NULL,
                                               .parts = order->parts,
                                               .n_parts = order->n_parts,
                                               .partners = w->partners,
                                               .n_partners = WORLD_PARTNERS};

        world_expect(w, line_clear(&w->batch, &division, &transfers, &made, &err) == 0, "a line is not cleared");
    }
    world_finish(w, &transfers, &made);
    w->happened[HAPPENED_CLEARED]++;
}

/* As a refund or a dispute finds what was entered: by line. */
static struct new_entries entries_of(struct world *w, const struct world_order *order, int32_t line_no)
{
    struct new_entries of = entries_begin(w, w->n_entries + 1);

    for (int32_t no = line_no != 0 ? line_no : 1; no <= (line_no != 0 ? line_no : (int32_t)order->n_lines); no++)
        for (size_t i = 0; i < w->n_entries; i++)
            if (w->entries[i].order_id == order->rows[0].order_id && w->entries[i].line_no == no)
                of.list[of.n++] = w->entries[i];
    return of;
}

static int find_statement(void *context, int64_t statement_id, int64_t biz_id,
                          const struct partner_statement_row **ret_row, struct err *err)
{
    const struct world *w = context;

    (void)biz_id;
    (void)err;
    *ret_row = &w->statements[statement_id - 1];
    return 0;
}

static void link_claw_backs(struct world *w, struct new_entries *made)
{
    const struct statement_finder by = {.find = find_statement, .context = w};
    struct err err = {0};

    world_expect(w, clearing_link_claw_backs_by(&by, w->entries, w->n_entries, made, &err) == 0,
                 "what takes back is not linked");
    for (size_t i = 0; i < made->n; i++)
        w->happened[HAPPENED_CLAWED_BACK] += made->list[i].claw_back_payout_id != 0;
}

/* Some units of some lines, at most what they had cost or what is left of them; what is disputed is not. */
static int64_t draw_recalls(struct world *w, struct world_order *order, struct refunded_line *lines, size_t *ret_n)
{
    int64_t cost_minor = 0;
    int64_t left_minor = 0;

    for (size_t i = 0; i < order->n_lines; i++) {
        const struct clearing_row *row = &order->rows[i];

        if (one_in(w, 3))
            continue;
        lines[*ret_n] = (struct refunded_line){.line_no = row->line_no,
                                               .weight_minor = row->amount_minor / row->quantity *
                                                               (1 + random_up_to(w, row->quantity - 1))};
        cost_minor += lines[(*ret_n)++].weight_minor;
        left_minor += line_left(row);
    }
    if (left_minor == 0)
        return 0;
    if (one_in(w, 4))
        return left_minor;
    return 1 + random_up_to(w, (cost_minor > 0 && cost_minor < left_minor ? cost_minor : left_minor) - 1);
}

static void draw_bearers(struct world *w, struct world_order *order, struct refund_bearer_row *bearers,
                         struct refund_work *work, int64_t rest_minor)
{
    for (size_t i = 0; i < WORLD_PARTNERS; i++)
        if (one_in(w, 2) && rest_minor > 0) {
            bearers[work->n_bearers] = (struct refund_bearer_row){.refund_id = w->last_id,
                                                                  .partner_id = (int64_t)i + 1,
                                                                  .amount_minor = 1 + random_up_to(w, rest_minor - 1)};
            rest_minor -= bearers[work->n_bearers++].amount_minor;
        }
    work->bearers = bearers;
    for (size_t i = 0; i < order->n_lines; i++)
        order->lines[i].was_borne_as_said = true;
    w->happened[HAPPENED_BORNE_AS_SAID]++;
}

void world_refund(struct world *w)
{
    struct world_order *order = draw_order(w);
    const bool is_cleared = order->rows[0].state == CLEARING_CLEARED;
    const struct new_entries entries = entries_of(w, order, 0);
    struct refunded_line lines[WORLD_LINES];
    struct refund_bearer_row bearers[WORLD_PARTNERS];
    struct order_refunded refunded = {.refund_id = ++w->last_id,
                                      .biz_id = WORLD_BIZ,
                                      .order_id = order->rows[0].order_id,
                                      .channel_account_id = order->rows[0].channel_account_id,
                                      .lines = lines};
    struct refund_work work = {.rows = order->rows,
                               .n_rows = order->n_lines,
                               .entries = entries.list,
                               .n_entries = entries.n,
                               .made = entries_begin(w, WORLD_LINES * WORLD_PARTNERS)};
    struct transfers transfers;
    struct err err = {0};

    refunded.amount_minor = draw_recalls(w, order, lines, &refunded.n_lines);
    if (refunded.amount_minor == 0)
        return;
    if (is_cleared && one_in(w, 6))
        draw_bearers(w, order, bearers, &work, refunded.amount_minor);
    memcpy(refunded.currency, order->rows[0].currency, CURRENCY_SIZE);
    transfers = transfers_begin(clearing_refund_transfers_max(&refunded, 1), w->batch.arena);
    world_expect(w, clearing_take_off(&w->batch, &refunded, &work, &transfers, &err) == 0, "a refund is not taken off");
    link_claw_backs(w, &work.made);
    world_finish(w, &transfers, &work.made);
    w->happened[is_cleared ? HAPPENED_REFUNDED_AFTER : HAPPENED_REFUNDED_BEFORE]++;
}

static void draw_dispute(struct world *w, const struct clearing_row *row, struct dispute_row *dispute)
{
    const int64_t left_minor = line_left(row);

    *dispute = (struct dispute_row){.dispute_id = ++w->last_id,
                                    .biz_id = WORLD_BIZ,
                                    .order_id = row->order_id,
                                    .line_no = row->line_no,
                                    .channel_account_id = row->channel_account_id,
                                    .state = DISPUTE_OPEN,
                                    .amount_minor = one_in(w, 3) ? left_minor : 1 + random_up_to(w, left_minor - 1)};
    memcpy(dispute->currency, row->currency, CURRENCY_SIZE);
    if (one_in(w, 2))
        dispute->fee_minor = random_amount(w);
}

/* What the channel charges, or gives back, goes through the platform alone. */
static void note_fee(struct world *w, struct world_line *line, enum dispute_event event)
{
    struct dispute_row *dispute = &line->dispute;

    if (dispute->fee_minor == 0)
        return;
    if (event == DISPUTE_EVENT_OPEN) {
        line->dispute_fees_minor += dispute->fee_minor;
        w->happened[HAPPENED_DISPUTE_FEE]++;
    } else if (one_in(w, 2)) {
        dispute->fee_returned_minor = 1 + random_up_to(w, dispute->fee_minor - 1);
        line->dispute_fees_minor -= dispute->fee_returned_minor;
        w->happened[HAPPENED_DISPUTE_FEE_BACK]++;
    }
}

static enum happened what_was_lost(const struct clearing_row *row)
{
    return row->state == CLEARING_CLEARED ? HAPPENED_DISPUTE_LOST_AFTER : HAPPENED_DISPUTE_LOST_BEFORE;
}

void world_dispute(struct world *w)
{
    struct world_order *order = draw_order(w);
    const size_t at = (size_t)random_up_to(w, (int64_t)order->n_lines - 1);
    const struct new_entries entries = entries_of(w, order, (int32_t)at + 1);
    struct new_entries made = entries_begin(w, WORLD_PARTNERS);
    struct transfers transfers = transfers_begin(DISPUTE_TRANSFERS_MAX, w->batch.arena);
    struct dispute_line on = {.row = &order->rows[at], .entries = entries.list, .n_entries = entries.n};
    struct dispute_row *dispute = &order->lines[at].dispute;
    enum dispute_event event = one_in(w, 2) ? DISPUTE_EVENT_WIN : DISPUTE_EVENT_LOSE;
    struct err err = {0};

    if (dispute->state != DISPUTE_OPEN) {
        if (line_left(on.row) == 0)
            return;
        draw_dispute(w, on.row, dispute);
        event = DISPUTE_EVENT_OPEN;
    } else {
        dispute->state = event == DISPUTE_EVENT_WIN ? DISPUTE_WON : DISPUTE_LOST;
    }
    note_fee(w, &order->lines[at], event);
    world_expect(w, dispute_book(&w->batch, dispute, event, "", &on, &transfers, &made, &err) == 0,
                 "a dispute is not booked");
    link_claw_backs(w, &made);
    world_finish(w, &transfers, &made);
    w->happened[event == DISPUTE_EVENT_OPEN  ? HAPPENED_DISPUTED
                : event == DISPUTE_EVENT_WIN ? HAPPENED_DISPUTE_WON
                                             : what_was_lost(on.row)]++;
}
