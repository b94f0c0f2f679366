/* docs/settlement.md tells the truth: each example is done, and what was booked is what its table says. */
#include "lib/db_suite.h"

#include <stdio.h>
#include <string.h>

#include "bmt/settlement/v1/ledger.pb-c.h"
#include "flows/close_dispute.h"
#include "flows/complete_payment.h"
#include "flows/complete_refund.h"
#include "flows/create_adjustment.h"
#include "flows/open_dispute.h"
#include "flows/pay_order.h"
#include "flows/refund_order.h"
#include "lib/partners.h"
#include "settlement/ops_clearing.h"

enum { DOCUMENT_MAX = 1 << 16, CELLS = 4, CELL_SIZE = 64 };

static struct sale gold;
static int64_t artist_id;
static int64_t label_id;
static int64_t first_order; /* of the examples payment, clearing, refund after clearing */
static int64_t next_payment = 900;
static long long told; /* transfers that examples before this one have booked */
static char document[DOCUMENT_MAX];

static void read_document(void)
{
    FILE *file = fopen(BMT_SOURCE_DIR "/docs/settlement.md", "r");
    size_t size;

    assert_non_null(file);
    size = fread(document, 1, sizeof document - 1, file);
    assert_true(feof(file));
    document[size] = '\0';
    fclose(file);
}

static int begin(void **state)
{
    struct create_rule rule;
    struct split_part_row parts[2];

    (void)state;
    read_document();
    db = test_db_start();
    test_db_clear(db);
    gold = given_sale(db, TEST_BIZ, "gold", 1250, 1000);
    given_channel(db, 5);
    artist_id = given_partner(db, TEST_BIZ, "artist", "EUR").partner_id;
    label_id = given_partner(db, TEST_BIZ, "label", "EUR").partner_id;
    rule = rule_of(db, SCOPE_SKU, gold.sku_id, 0, 0);
    parts[0] = one_part(db, artist_id, SPLIT_BASIS_POINTS, 3000).list[0];
    parts[1] = one_part(db, label_id, SPLIT_BASIS_POINTS, 1000).list[0];
    rule.parts = (struct split_parts){.list = parts, .n = 2};
    return act(db, &create_rule_plan, &rule, sizeof rule, NULL);
}

/* The cells of a line of a table, without the spaces around them; false when it is none. */
static bool read_cells(const char *line, char cells[CELLS][CELL_SIZE])
{
    if (*line != '|')
        return false;
    for (size_t i = 0; i < CELLS; i++) {
        const char *from = line + 1 + strspn(line + 1, " ");
        const char *bar = strchr(from, '|');
        size_t size;

        assert_non_null(bar);
        size = (size_t)(bar - from);
        while (size > 0 && from[size - 1] == ' ')
            size--;
        assert_true(size < CELL_SIZE);
        memcpy(cells[i], from, size);
        cells[i][size] = '\0';
        line = bar;
    }
    return true;
}

static char *row_text(const char *transfer, const char *account, int64_t amount_minor, const char *currency)
{
    return arena_printf(db->arena, "%s %s %lld %s\n", transfer, account, (long long)amount_minor, currency);
}

/* What the example's table says. */
static char *written(const char *name)
{
    const char *at = strstr(document, arena_printf(db->arena, "\n### Example: %s\n", name));
    char cells[CELLS][CELL_SIZE];
    char *text = arena_printf(db->arena, "%s", "");

    assert_non_null(at);
    for (at = strchr(at + 1, '\n') + 1; *at != '\0' && *at != '#'; at = strchr(at, '\n') + 1) {
        struct money money;
        bool is_debit;

        if (!read_cells(at, cells) || strcmp(cells[0], "transfer") == 0 || cells[0][0] == '-')
            continue;
        is_debit = cells[2][0] != '\0';
        assert_true(is_debit != (cells[3][0] != '\0'));
        assert_int_equal(money_parse(cells[is_debit ? 2 : 3], &money), 0);
        text = arena_printf(
            db->arena, "%s%s", text,
            row_text(cells[0], cells[1], is_debit ? money.amount_minor : -money.amount_minor, money.currency));
    }
    return text;
}

static const char *name_of(const ProtobufCEnumDescriptor *type, long long number, const char *prefix)
{
    return protobuf_c_enum_descriptor_get_value(type, (int)number)->name + strlen(prefix);
}

/* What was booked since the example before: this thread posts to one chain. */
static char *booked(void)
{
    static const char of[] = "FROM bmt_settlement.transfers AS t JOIN bmt_settlement.postings AS p ON p.transfer_id = "
                             "t.transfer_id WHERE t.chain_seq > %lld ORDER BY t.chain_seq, p.posting_no LIMIT 1 "
                             "OFFSET %lld";
    const long long n = test_db_number(
        db, arena_printf(db->arena,
                         "SELECT COUNT(*) FROM bmt_settlement.transfers AS t JOIN bmt_settlement.postings AS p ON "
                         "p.transfer_id = t.transfer_id WHERE t.chain_seq > %lld",
                         told));
    char *text = arena_printf(db->arena, "%s", "");

#define COLUMN(column, i) \
    test_db_number(db, arena_printf(db->arena, "SELECT %s %s", column, arena_printf(db->arena, of, told, i)))
    for (long long i = 0; i < n; i++) {
        const long long subject_id = COLUMN("p.subject_id", i);
        const char *account =
            name_of(&bmt__settlement__v1__account_kind__descriptor, COLUMN("p.account", i), "ACCOUNT_KIND_");

        text = arena_printf(
            db->arena, "%s%s", text,
            row_text(name_of(&bmt__settlement__v1__transfer_kind__descriptor, COLUMN("t.kind", i), "TRANSFER_KIND_"),
                     arena_printf(db->arena, "%s%s", account,
                                  subject_id == artist_id  ? " (artist)"
                                  : subject_id == label_id ? " (label)"
                                                           : ""),
                     COLUMN("p.amount_minor", i), COLUMN("p.currency = 'EUR'", i) == 1 ? "EUR" : "USD"));
    }
#undef COLUMN
    told = test_db_number(db, "SELECT MAX(seq) FROM bmt_settlement.chains");
    return text;
}

static void expect_as_written(const char *example)
{
    assert_string_equal(booked(), written(example));
}

static void end_and_clear(int64_t order_id)
{
    struct confirm_order confirm = {.order_id = order_id};
    struct clear_order clear = {.order_id = order_id};

    assert_int_equal(act(db, &confirm_order_plan, &confirm, sizeof confirm, NULL), 0);
    assert_int_equal(act(db, &clear_order_plan, &clear, sizeof clear, NULL), 0);
}

static void complete_refund_of(int64_t refund_id)
{
    struct complete_refund c = {.refund_id = refund_id,
                                .verdict = {.word = CHANNEL_GAVE_BACK, .ref = NULL, .action_url = "", .failure = ""}};

    assert_int_equal(act(db, &complete_refund_plan, &c, sizeof c, NULL), 0);
}

static void refund_one(int64_t order_id)
{
    struct refund_want want = {.line_no = 1, .quantity = 1};
    struct begin_refund c = {.order_id = order_id, .wants = &want, .n_wants = 1, .reason = "test"};

    assert_int_equal(act(db, &begin_refund_plan, &c, sizeof c, NULL), 0);
    complete_refund_of(c.refund_id);
}

static void payment_is_booked_as_written(void **state)
{
    struct begin_payment pay_it = {.account_id = 5, .return_url = ""};
    struct complete_payment c = {.verdict = {.word = CHANNEL_HAS_MONEY,
                                             .amount = money_of(2500, "EUR"),
                                             .fee_minor = 100,
                                             .action_url = "",
                                             .failure = ""}};

    (void)state;
    first_order = given_pending_order(db, "u1", gold.sku_id, 2);
    pay_it.order_id = first_order;
    assert_int_equal(act(db, &begin_payment_plan, &pay_it, sizeof pay_it, NULL), 0);
    c.payment_id = pay_it.payment->payment_id;
    assert_int_equal(act(db, &complete_payment_plan, &c, sizeof c, NULL), 0);
    expect_as_written("payment");
}

static void clearing_is_booked_as_written(void **state)
{
    (void)state;
    end_and_clear(first_order);
    expect_as_written("clearing");
}

static void refund_after_clearing_is_booked_as_written(void **state)
{
    (void)state;
    refund_one(first_order);
    expect_as_written("refund after clearing");
}

static void refund_before_clearing_is_booked_as_written(void **state)
{
    const int64_t order_id = given_pending_order(db, "u1", gold.sku_id, 2);

    (void)state;
    given_money(db, ++next_payment, order_id, 2500);
    (void)booked(); /* the payment is another example's */
    refund_one(order_id);
    end_and_clear(order_id);
    expect_as_written("refund before clearing");
}

static void late_money_is_booked_as_written(void **state)
{
    const int64_t order_id = given_pending_order(db, "u1", gold.sku_id, 1);

    (void)state;
    assert_int_equal(close_with(db, order_id, NULL), 0);
    given_money(db, ++next_payment, order_id, 1250);
    complete_refund_of(test_db_number(db, "SELECT MAX(refund_id) FROM bmt_payment.refunds"));
    expect_as_written("late money");
}

static int64_t next_dispute;

static void dispute(int64_t order_id, int64_t amount_minor, enum dispute_event end, int64_t fee_minor,
                    int64_t returned_minor)
{
    struct open_dispute opened = {.order_id = order_id,
                                  .line_no = 1,
                                  .amount = money_of(amount_minor, "EUR"),
                                  .fee = money_of(fee_minor, "EUR"),
                                  .channel_dispute = arena_printf(db->arena, "cd_%lld", (long long)++next_dispute),
                                  .reason = "test"};
    struct close_dispute closed = {.event = end, .fee_returned = money_of(returned_minor, "EUR"), .reason = "test"};

    assert_int_equal(act(db, &open_dispute_plan, &opened, sizeof opened, NULL), 0);
    closed.dispute_id = opened.row.dispute_id;
    assert_int_equal(act(db, &close_dispute_plan, &closed, sizeof closed, NULL), 0);
}

static void disputes_are_booked_as_written(void **state)
{
    const int64_t order_id = given_pending_order(db, "u1", gold.sku_id, 2);

    (void)state;
    dispute(first_order, 500, DISPUTE_EVENT_WIN, 0, 0);
    expect_as_written("dispute won");
    dispute(first_order, 500, DISPUTE_EVENT_WIN, 1500, 1000);
    expect_as_written("fee of a dispute");
    dispute(first_order, 1250, DISPUTE_EVENT_LOSE, 0, 0);
    expect_as_written("dispute lost after clearing");
    given_money(db, ++next_payment, order_id, 2500);
    (void)booked(); /* the payment is another example's */
    dispute(order_id, 500, DISPUTE_EVENT_LOSE, 0, 0);
    end_and_clear(order_id);
    expect_as_written("dispute lost before clearing");
}

static void adjust(struct adjustment_row row)
{
    struct create_adjustment c = {.reason = "test", .row = row};

    assert_int_equal(act(db, &create_adjustment_plan, &c, sizeof c, NULL), 0);
}

static void adjustments_are_booked_as_written(void **state)
{
    static const enum adjustment_kind kinds[] = {ADJUSTMENT_PARTNER_CREDIT, ADJUSTMENT_PARTNER_DEBIT,
                                                 ADJUSTMENT_PROMOTION};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        adjust((struct adjustment_row){
            .kind = (int32_t)kinds[i], .partner_id = artist_id, .currency = "EUR", .amount_minor = 500, .rate = ""});
    adjust((struct adjustment_row){
        .kind = ADJUSTMENT_CHANNEL_PAID, .channel_account_id = 5, .currency = "EUR", .amount_minor = 500, .rate = ""});
    expect_as_written("adjustments");
    adjust((struct adjustment_row){.kind = ADJUSTMENT_CONVERSION,
                                   .currency = "EUR",
                                   .amount_minor = 10000,
                                   .to_currency = "USD",
                                   .to_amount_minor = 10834,
                                   .rate = "1.0834"});
    expect_as_written("conversion");
}

/* The chart has every kind of account, in the order of the contract. */
static void chart_has_every_account(void **state)
{
    const ProtobufCEnumDescriptor *type = &bmt__settlement__v1__account_kind__descriptor;
    const char *at = strstr(document, "\n## The chart of accounts\n");

    (void)state;
    for (int kind = 1; kind < ACCOUNT_KIND_COUNT; kind++) {
        assert_non_null(at);
        at = strstr(at, arena_printf(db->arena, "\n| %s |", name_of(type, kind, "ACCOUNT_KIND_")));
    }
    assert_non_null(at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chart_has_every_account),
        cmocka_unit_test(payment_is_booked_as_written),
        cmocka_unit_test(clearing_is_booked_as_written),
        cmocka_unit_test(refund_after_clearing_is_booked_as_written),
        cmocka_unit_test(refund_before_clearing_is_booked_as_written),
        cmocka_unit_test(late_money_is_booked_as_written),
        cmocka_unit_test(disputes_are_booked_as_written),
        cmocka_unit_test(adjustments_are_booked_as_written),
    };

    return cmocka_run_group_tests_name("settlement_doc", tests, begin, db_suite_end);
}
