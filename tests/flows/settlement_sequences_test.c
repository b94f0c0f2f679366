/*
 * Random lives of orders through the real flows: sold, refunded before clearing and after, disputed, cleared, put into
 * statements, paid out, paid back; in currencies of 0, 2 and 3 decimals. No unit is lost, and verify agrees at the end.
 * The same by the pure functions alone, a million times: unit/settlement_sequences_test.c. SEED=N repeats a run.
 */
#include "lib/db_suite.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "flows/close_dispute.h"
#include "flows/complete_refund.h"
#include "flows/open_dispute.h"
#include "flows/pay_statement.h"
#include "flows/refund_order.h"
#include "lib/look.h"
#include "lib/money_sums.h"
#include "lib/payouts.h"
#include "settlement/ops_clearing.h"

enum {
    SEQUENCES = 300,
    STEPS = 8,
    LOOK_EVERY = 20,
    CURRENCIES = 3,
    SKUS = 2,
    ORDERS = 6,
    LINES = 2,
    PAYOUTS = 4,
    DISPUTES = 6
};

static const char *const currencies[CURRENCIES] = {"JPY", "EUR", "KWD"};
static int64_t partners[CURRENCIES];
static int64_t skus[CURRENCIES][SKUS];

/* The last ones, which steps are made with. */
struct sold_order {
    int64_t order_id; /* 0: none */
    size_t currency;
    int64_t left[LINES]; /* units that were not recalled */
    bool is_cleared;
};
static struct sold_order orders[ORDERS];
static int64_t statements[CURRENCIES]; /* the last one that may be paid; 0: none */
static int64_t payouts[PAYOUTS];
static int64_t next_payment;
static int64_t n_disputed_away; /* refunds that disputes have left too little for */
static int64_t refunds[2];      /* before clearing and after */
static struct dispute_row disputes[DISPUTES];
static int64_t next_dispute;
static int64_t lost[2]; /* disputes, before clearing and after */

static int64_t random_up_to(int64_t max)
{
    return rand() % (max + 1);
}

static void given_price(int64_t sku_id, const char *currency, int64_t amount_minor)
{
    struct create_price c = {.row = {.sku_id = sku_id, .amount_minor = amount_minor}};

    memcpy(c.row.currency, currency, CURRENCY_SIZE);
    assert_int_equal(act(db, &create_price_plan, &c, sizeof c, NULL), 0);
}

/* Of the first SKU the currency's partner gets a third, of the second a fixed amount and half of the rest. */
static void given_rule_of(int64_t sku_id, size_t currency, bool is_second)
{
    struct split_part_row parts[] = {
        {.level = 1, .partner_id = partners[currency], .kind = SPLIT_BASIS_POINTS, .value = 3333},
        {.level = 2, .partner_id = partners[currency], .kind = SPLIT_BASIS_POINTS, .value = 5000},
        {.level = 3, .partner_id = partners[(currency + 1) % CURRENCIES], .kind = SPLIT_BASIS_POINTS, .value = 1234},
    };
    struct create_rule c = rule_of(db, SCOPE_SKU, sku_id, 0, 0);

    if (is_second) {
        parts[0].kind = SPLIT_FIXED;
        parts[0].value = 7;
        c.currency = currencies[currency];
    }
    c.parts = (struct split_parts){.list = parts, .n = is_second ? COUNT_OF(parts) : 1};
    assert_int_equal(act(db, &create_rule_plan, &c, sizeof c, NULL), 0);
}

/* The partner of EUR is paid from 20.00 on, so that little is carried. */
static int begin(void **state)
{
    static const int64_t units[CURRENCIES] = {101, 1250, 3337};

    (void)state;
    db = test_db_start();
    for (size_t i = 0; i < CURRENCIES; i++)
        partners[i] = given_partner(db, TEST_BIZ, currencies[i], currencies[i]).partner_id;
    for (size_t i = 0; i < CURRENCIES; i++)
        for (size_t j = 0; j < SKUS; j++) {
            const int64_t unit_minor = units[i] + (int64_t)j;

            skus[i][j] =
                given_sale(db, TEST_BIZ, arena_printf(db->arena, "%s-%zu", currencies[i], j), unit_minor, -1).sku_id;
            if (strcmp(currencies[i], "EUR") != 0) /* that one is there, from this very millisecond on perhaps */
                given_price(skus[i][j], currencies[i], unit_minor);
            given_rule_of(skus[i][j], i, j > 0);
        }
    given_bank_account(db);
    test_db_run(db, "UPDATE bmt_settlement.partners SET threshold_minor = 2000 WHERE currency = 'EUR'");
    return 0;
}

static void sell(struct sold_order *order)
{
    struct sale_line lines[LINES] = {{0}};
    struct place_order c = {.user_id = "u1", .lines = lines, .labels = "", .n_lines = 1 + (size_t)random_up_to(1)};

    *order = (struct sold_order){.currency = (size_t)random_up_to(CURRENCIES - 1)};
    for (size_t i = 0; i < c.n_lines; i++) {
        order->left[i] = 1 + random_up_to(2);
        lines[i] =
            (struct sale_line){.command = &c.command, .sku_id = skus[order->currency][i], .quantity = order->left[i]};
        memcpy(lines[i].currency, currencies[order->currency], CURRENCY_SIZE);
    }
    assert_int_equal(act(db, &place_order_plan, &c, sizeof c, NULL), 0);
    order->order_id = c.row->order_id;
    given_money_of(db, ++next_payment, order->order_id, money_of(c.row->amount_minor, currencies[order->currency]),
                   random_up_to(c.row->amount_minor / 8));
}

static void end_and_clear(struct sold_order *order)
{
    struct confirm_order confirm = {.order_id = order->order_id};
    struct clear_order clear = {.order_id = order->order_id};

    if (order->is_cleared || order->left[0] + order->left[1] == 0)
        return;
    assert_int_equal(act(db, &confirm_order_plan, &confirm, sizeof confirm, NULL), 0);
    assert_int_equal(act(db, &clear_order_plan, &clear, sizeof clear, NULL), 0);
    order->is_cleared = true;
}

/*
 * What the refund took back from entries that a payout has paid, or is at, is linked with it. A share is in one
 * statement, and goes on with what that one carries.
 */
static void expect_claw_backs_linked(int64_t order_id, int64_t refund_id)
{
    const char *query = arena_printf(
        db->arena,
        "WITH RECURSIVE chain (entry_id, next_id, payout_id) AS ("
        "SELECT e.entry_id, s.carried_to_id, IF(s.state IN (3, 4), s.payout_id, 0) "
        "FROM bmt_settlement.clearing_entries AS e JOIN bmt_settlement.partner_statements AS s "
        "ON s.statement_id = e.statement_id WHERE e.order_id = %lld AND e.kind = 1 UNION ALL "
        "SELECT c.entry_id, s.carried_to_id, IF(s.state IN (3, 4), s.payout_id, 0) FROM chain AS c "
        "JOIN bmt_settlement.partner_statements AS s ON s.statement_id = c.next_id) "
        "SELECT COUNT(*) FROM bmt_settlement.clearing_entries AS r LEFT JOIN (SELECT entry_id, MAX(payout_id) AS "
        "payout_id FROM chain GROUP BY entry_id) AS p ON p.entry_id = r.reverses_entry_id WHERE r.source_id = %lld AND "
        "r.claw_back_payout_id <> COALESCE(p.payout_id, 0)",
        (long long)order_id, (long long)refund_id);

    assert_int_equal(test_db_number(db, query), 0);
}

/* Some units of one line or of both, for what they cost or for less. */
static void give_back(struct sold_order *order)
{
    struct refund_want wants[LINES];
    struct begin_refund begin_it = {.order_id = order->order_id, .wants = wants, .reason = "test"};
    struct complete_refund end_it = {
        .verdict = {.word = CHANNEL_GAVE_BACK, .ref = NULL, .action_url = "", .failure = ""}};

    for (size_t i = 0; i < LINES; i++)
        if (order->left[i] > 0 && (begin_it.n_wants == 0 || random_up_to(1) == 0))
            wants[begin_it.n_wants++] =
                (struct refund_want){.line_no = (int32_t)i + 1, .quantity = 1 + random_up_to(order->left[i] - 1)};
    if (begin_it.n_wants == 0)
        return;
    if (random_up_to(2) == 0)
        begin_it.amount = money_of(1 + random_up_to(98), currencies[order->currency]);
    if (act(db, &begin_refund_plan, &begin_it, sizeof begin_it, NULL) == ERR_REFUND_TOO_LARGE) {
        n_disputed_away++;
        return;
    }
    assert_int_equal(begin_it.command.err.id, 0);
    end_it.refund_id = begin_it.refund_id;
    assert_int_equal(act(db, &complete_refund_plan, &end_it, sizeof end_it, NULL), 0);
    for (size_t i = 0; i < begin_it.n_wants; i++)
        order->left[wants[i].line_no - 1] -= wants[i].quantity;
    expect_claw_backs_linked(order->order_id, begin_it.refund_id);
    refunds[order->is_cleared]++;
}

static int64_t number_of(const struct dispute_row *of, const char *what)
{
    return test_db_number(db, arena_printf(db->arena,
                                           "SELECT %s FROM bmt_settlement.clearings WHERE order_id = %lld AND line_no "
                                           "= %d",
                                           what, (long long)of->order_id, (int)of->line_no));
}

/* A payer's bank takes back a part of what is left of a line, or all of it; the channel may charge for that. */
static void dispute(const struct sold_order *order)
{
    const char *currency = currencies[order->currency];
    const struct dispute_row of = {.order_id = order->order_id, .line_no = 1 + (int32_t)random_up_to(LINES - 1)};
    const int64_t left = number_of(&of, "amount_minor - refunded_minor - disputed_minor");
    struct open_dispute c = {.order_id = of.order_id,
                             .line_no = of.line_no,
                             .channel_dispute = arena_printf(db->arena, "cd_%lld", (long long)++next_dispute),
                             .reason = "stolen"};

    if (left <= 0) /* or no such line */
        return;
    c.amount = money_of(random_up_to(2) == 0 ? left : 1 + random_up_to(left - 1), currency);
    if (random_up_to(1) == 0)
        c.fee = money_of(1 + random_up_to(2000), currency);
    assert_int_equal(act(db, &open_dispute_plan, &c, sizeof c, NULL), 0);
    disputes[random_up_to(DISPUTES - 1)] = c.row;
}

/* Those that were pushed out of their place stay open for ever. */
static void end_dispute(struct dispute_row *row)
{
    struct close_dispute c = {.dispute_id = row->dispute_id, .reason = "the bank says so"};

    if (row->dispute_id == 0)
        return;
    c.event = random_up_to(1) == 0 ? DISPUTE_EVENT_WIN : DISPUTE_EVENT_LOSE;
    if (row->fee_minor > 0 && c.event == DISPUTE_EVENT_WIN)
        c.fee_returned = money_of(1 + random_up_to(row->fee_minor - 1), row->currency);
    assert_int_equal(act(db, &close_dispute_plan, &c, sizeof c, NULL), 0);
    if (c.event == DISPUTE_EVENT_LOSE)
        lost[number_of(row, "state = 2")]++;
    expect_claw_backs_linked(row->order_id, row->dispute_id);
    row->dispute_id = 0;
}

/* Of a partner in his own currency: what is in others cannot be paid. */
static void settle(size_t currency)
{
    struct get_statement get = {.statement_id = given_closed_statement(db, partners[currency], currencies[currency])};
    struct approve_statement approve = {.statement_id = get.statement_id, .reason = "checked"};

    assert_int_equal(act(db, &get_statement_plan, &get, sizeof get, NULL), 0);
    if (get.row.approvals_needed == 0)
        return;
    assert_int_equal(act(db, &approve_statement_plan, &approve, sizeof approve, NULL), 0);
    statements[currency] = get.statement_id;
}

/* One that is paid, or being paid, is refused; one whose payout failed is paid again. */
static void pay_out(size_t currency)
{
    struct begin_payout c = {.statement_id = statements[currency], .reason = "it is due"};
    int rc;

    if (c.statement_id == 0)
        return;
    rc = act(db, &begin_payout_plan, &c, sizeof c, NULL);
    if (rc == 0)
        payouts[random_up_to(PAYOUTS - 1)] = c.payout_id;
    else
        assert_int_equal(rc, ERR_PARTNER_STATEMENT_WRONG_STATE);
}

static void hear(int64_t payout_id)
{
    static const enum channel_word said[] = {CHANNEL_WAITS, CHANNEL_PAID_OUT, CHANNEL_PAID_OUT, CHANNEL_FAILED,
                                             CHANNEL_RETURNED};
    const enum channel_word word = said[random_up_to(COUNT_OF(said) - 1)];

    if (payout_id == 0)
        return;
    hear_of_payout(db, payout_id, word);
}

static void make_step(void)
{
    struct sold_order *order = &orders[random_up_to(ORDERS - 1)];
    const size_t currency = (size_t)random_up_to(CURRENCIES - 1);
    const int64_t what = random_up_to(20);

    if (order->order_id == 0 || what <= 2)
        sell(order);
    else if (what <= 6)
        end_and_clear(order);
    else if (what <= 8)
        give_back(order);
    else if (what <= 10)
        dispute(order);
    else if (what <= 12)
        end_dispute(&disputes[random_up_to(DISPUTES - 1)]);
    else if (what <= 14)
        settle(currency);
    else if (what <= 17)
        pay_out(currency);
    else
        hear(payouts[random_up_to(PAYOUTS - 1)]);
}

static void look(unsigned seed, int sequence)
{
    const char *wrong = money_sums_wrong(db);

    if (wrong != NULL)
        fail_msg("%s, after sequence %d of SEED=%u", wrong, sequence, seed);
}

/* Enough of everything has happened. */
static void expect_happened(void)
{
    static const char *const things[] = {
        "SELECT COUNT(*) FROM bmt_settlement.partner_statements WHERE carried_minor > 0",
        "SELECT COUNT(*) FROM bmt_settlement.partner_statements WHERE carried_minor < 0",
        "SELECT COUNT(*) FROM bmt_settlement.clearing_entries WHERE claw_back_payout_id <> 0",
        "SELECT COUNT(*) FROM bmt_settlement.payouts WHERE state = 3",
        "SELECT COUNT(*) FROM bmt_settlement.payouts WHERE state = 4",
        "SELECT COUNT(*) FROM bmt_settlement.payouts WHERE state = 6",
        "SELECT COUNT(*) FROM bmt_settlement.disputes WHERE state = 1",
        "SELECT COUNT(*) FROM bmt_settlement.disputes WHERE state = 2 AND fee_returned_minor > 0",
        "SELECT COUNT(*) FROM bmt_settlement.clearing_entries WHERE kind = 4 AND claw_back_payout_id <> 0",
    };

    print_message("refunds before and after clearing: %lld, %lld\n", (long long)refunds[0], (long long)refunds[1]);
    print_message("disputes lost before and after clearing: %lld, %lld; refunds that they left too little for: %lld\n",
                  (long long)lost[0], (long long)lost[1], (long long)n_disputed_away);
    assert_true(refunds[0] > 0 && refunds[1] > 0 && lost[0] > 0 && lost[1] > 0);
    for (size_t i = 0; i < COUNT_OF(things); i++) {
        const long long n = test_db_number(db, things[i]);

        print_message("%lld by %s\n", n, things[i]);
        assert_true(n > 0);
    }
}

static void no_unit_is_lost_whatever_happens(void **state)
{
    const char *again = getenv("SEED");
    const unsigned seed = again != NULL ? (unsigned)strtoul(again, NULL, 10) : (unsigned)getpid();

    (void)state;
    print_message("SEED=%u, %d sequences\n", seed, SEQUENCES);
    srand(seed);
    for (int i = 1; i <= SEQUENCES; i++) {
        for (int j = 0; j < STEPS; j++)
            make_step();
        if (i % LOOK_EVERY == 0)
            look(seed, i);
    }
    expect_happened();
    expect_books_agree(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_unit_is_lost_whatever_happens),
    };

    return cmocka_run_group_tests_name("settlement_sequences", tests, begin, db_suite_end);
}
