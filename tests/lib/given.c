/* Beginnings of tests; see given.h. */
#include "lib/given.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "flows/complete_payment.h"
#include "lib/suite.h"

static struct sql_bytes no_reply(const struct command *command, struct arena *arena)
{
    (void)command;
    return (struct sql_bytes){.data = arena_alloc(arena, 1), .size = 0};
}

static const char *fresh_request_id(struct arena *arena)
{
    static _Atomic int n;

    return arena_printf(arena, "test-%d", ++n);
}

static void address(struct test_db *test, const struct batch_plan *plan, struct command *c, const char *request_id)
{
    if (c->biz_id == 0)
        c->biz_id = TEST_BIZ;
    c->actor = "merchant key_test";
    c->method = plan->name;
    c->request_id = request_id != NULL ? request_id : fresh_request_id(test->arena);
    c->pack = no_reply;
}

int act(struct test_db *test, struct batch_plan *plan, void *command, size_t size, const char *request_id)
{
    struct command *c = command;

    address(test, plan, c, request_id);
    batch_run(test->session, plan, test->arena, command, 1, size);
    return (int)c->err.id;
}

void act_together(struct test_db *test, struct batch_plan *plan, void *commands, size_t n, size_t size)
{
    for (size_t i = 0; i < n; i++)
        address(test, plan, (struct command *)(void *)((char *)commands + i * size), NULL);
    batch_run(test->session, plan, test->arena, commands, n, size);
}

struct sale given_sale(struct test_db *test, int64_t biz_id, const char *code, int64_t unit_minor, int64_t stock)
{
    struct create_spu spu = {.command.biz_id = biz_id, .row = {.code = code, .title = "Gold", .description = ""}};
    struct create_sku sku = {
        .command.biz_id = biz_id,
        .row = {.code = code, .title = "Gold, a month", .grant_kind = GRANT_DURATION, .grant_amount = 30 * 86400}};
    struct create_price price = {.command.biz_id = biz_id, .row = {.currency = "EUR", .amount_minor = unit_minor}};

    assert_int_equal(act(test, &create_spu_plan, &spu, sizeof spu, NULL), 0);
    sku.row.spu_id = spu.row.spu_id;
    assert_int_equal(act(test, &create_sku_plan, &sku, sizeof sku, NULL), 0);
    price.row.sku_id = sku.row.sku_id;
    assert_int_equal(act(test, &create_price_plan, &price, sizeof price, NULL), 0);

    struct edit_spu publish_spu = {.command.biz_id = biz_id,
                                   .edit = {.id = spu.row.spu_id, .event = SALE_EVENT_PUBLISH, .version = -1}};
    struct edit_sku publish_sku = {.command.biz_id = biz_id,
                                   .edit = {.id = sku.row.sku_id, .event = SALE_EVENT_PUBLISH, .version = -1}};
    struct change_stock set = {
        .command.biz_id = biz_id, .sku_id = sku.row.sku_id, .change = STOCK_SET_TOTAL, .amount = stock};

    assert_int_equal(act(test, &edit_spu_plan, &publish_spu, sizeof publish_spu, NULL), 0);
    assert_int_equal(act(test, &edit_sku_plan, &publish_sku, sizeof publish_sku, NULL), 0);
    if (stock >= 0)
        assert_int_equal(act(test, &change_stock_plan, &set, sizeof set, NULL), 0);
    return (struct sale){.spu_id = spu.row.spu_id, .sku_id = sku.row.sku_id};
}

static struct sale_line *one_line(struct test_db *test, int64_t sku_id, int64_t quantity)
{
    struct sale_line *line = arena_new_of(test->arena, struct sale_line);

    line->sku_id = sku_id;
    line->quantity = quantity;
    memcpy(line->currency, "EUR", CURRENCY_SIZE);
    return line;
}

int64_t given_quote(struct test_db *test, const char *user_id, int64_t sku_id, int64_t quantity)
{
    struct quote_price *quote = arena_new_of(test->arena, struct quote_price);

    quote->user_id = user_id;
    quote->lines = one_line(test, sku_id, quantity);
    quote->lines->command = &quote->command;
    quote->n_lines = 1;
    assert_int_equal(act(test, &quote_price_plan, quote, sizeof *quote, NULL), 0);
    return quote->row.quote_id;
}

struct place_order place(struct test_db *test, const char *user_id, int64_t sku_id, int64_t quantity)
{
    return (struct place_order){
        .user_id = user_id, .lines = one_line(test, sku_id, quantity), .n_lines = 1, .labels = ""};
}

int64_t given_pending_order(struct test_db *test, const char *user_id, int64_t sku_id, int64_t quantity)
{
    struct place_order order = place(test, user_id, sku_id, quantity);

    assert_int_equal(act(test, &place_order_plan, &order, sizeof order, NULL), 0);
    return order.row->order_id;
}

/* order_paid is a verb of a flow; this is the smallest flow around it. */
struct pay_command {
    struct command command;
    struct paid_order paid;
};

static int pay_body(struct batch *batch, struct err *err)
{
    int rc = 0;

    for_each_command(struct pay_command, c, batch)
    {
        rc = order_paid(batch, &c->paid, 1, err);
        if (rc != 0)
            return rc;
    }
    return rc;
}

static struct batch_plan pay_plan = {.name = "test.pay", .home = MODULE_ORDER, .body = pay_body};

struct paid_order pay(struct test_db *test, int64_t order_id, int64_t payment_id, int64_t amount_minor)
{
    struct pay_command c = {.paid = {.biz_id = TEST_BIZ,
                                     .order_id = order_id,
                                     .payment_id = payment_id,
                                     .amount = money_of(amount_minor, "EUR"),
                                     .actor = "channel test"}};

    assert_int_equal(act(test, &pay_plan, &c, sizeof c, NULL), 0);
    return c.paid;
}

int64_t given_fulfilled_order(struct test_db *test, const char *user_id, int64_t sku_id, int64_t quantity)
{
    struct place_order order = place(test, user_id, sku_id, quantity);

    assert_int_equal(act(test, &place_order_plan, &order, sizeof order, NULL), 0);
    assert_true(pay(test, order.row->order_id, 77, order.row->amount_minor).is_changed);
    return order.row->order_id;
}

int close_with(struct test_db *test, int64_t order_id, const char *request_id)
{
    struct close_order close = {
        .order_id = order_id, .event = ORDER_EVENT_CANCEL, .reason = CLOSE_USER_CANCELLED, .detail = ""};

    return act(test, &cancel_order_plan, &close, sizeof close, request_id);
}

static void write_secret(struct test_db *test, const char *name, const char *text)
{
    const char *path = arena_printf(test->arena, "%s/%s", test->folder, name);
    FILE *file = fopen(path, "w");

    fputs(text, file);
    fclose(file);
    chmod(path, 0600);
}

void given_channel(struct test_db *test, int64_t channel_account_id)
{
    write_secret(test, "main", "a secret\n");
    write_secret(test, "main.pub",
                 "-----BEGIN PUBLIC KEY-----\n"
                 "MCowBQYDK2VwAyEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
                 "-----END PUBLIC KEY-----\n");
    channel_use_secrets_dir(test->folder);
    test_db_run(test,
                arena_printf(test->arena,
                             "INSERT INTO bmt_payment.channel_accounts VALUES (%lld, 1001, 'main-%lld', "
                             "'sandbox', 'Main', 'm', 'main', 'http://c', 'http://n', 1, 1, 1, 1, 1, '', 0, 0, 0)",
                             (long long)channel_account_id, (long long)channel_account_id));
}

void given_money(struct test_db *test, int64_t payment_id, int64_t order_id, int64_t amount_minor)
{
    given_money_of(test, payment_id, order_id, money_of(amount_minor, "EUR"), 0);
}

void given_money_of(struct test_db *test, int64_t payment_id, int64_t order_id, struct money amount, int64_t fee_minor)
{
    struct complete_payment c = {.payment_id = payment_id,
                                 .verdict = {.word = CHANNEL_HAS_MONEY,
                                             .payment_id = payment_id,
                                             .amount = amount,
                                             .fee_minor = fee_minor,
                                             .ref = arena_printf(test->arena, "cp_%lld", (long long)payment_id),
                                             .action_url = "",
                                             .failure = ""}};

    test_db_run(test,
                arena_printf(test->arena,
                             "INSERT INTO bmt_payment.payments SELECT %lld, 1001, %lld, 'u1', 5, 'r%lld', "
                             "REPEAT(CHAR(0), 16), 1, 1, '%s', %lld, NULL, NULL, '', '', '', 0, 1, 0, %lld, 1, 1, "
                             "0, 0, 0",
                             (long long)payment_id, (long long)order_id, (long long)payment_id, amount.currency,
                             (long long)amount.amount_minor, (long long)clock_now_ms() + 60000));
    assert_int_equal(act(test, &complete_payment_plan, &c, sizeof c, NULL), 0);
}
