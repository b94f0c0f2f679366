/* What is left of a line, who has it, and what refunds and disputes take of it. */
#include "lib/suite.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "settlement/rules_line.h"

static void disputes_leave_what_a_refund_needs(void **state)
{
    static const struct {
        int64_t left[2];
        int64_t costs[2];
        int64_t refund_minor;
        int64_t expected; /* of the first line */
    } cases[] = {
        {{1250, 1250}, {0, 0}, 0, 1250},          {{0, 1250}, {0, 0}, 0, 0},
        {{1250, 1250}, {1250, 0}, 1250, 0},       {{1250, 1250}, {1250, 0}, 300, 950},
        {{1250, 1250}, {1250, 1250}, 1250, 1250}, {{1250, 1250}, {1250, 1250}, 1300, 1200},
        {{1250, 200}, {1250, 1250}, 1300, 150},   {{1250, 1250}, {0, 1250}, 1250, 1250},
        {{2500, 1250}, {1250, 1250}, 2500, 1250}, {{100, 100}, {1250, 1250}, 2500, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(line_disputable(cases[i].left, cases[i].costs, 2, 0, cases[i].refund_minor),
                         cases[i].expected);
}

static void refunds_take_of_a_line_at_most_its_units_cost(void **state)
{
    static const struct {
        int64_t amount_minor;
        int64_t weights[2];
        int64_t left[2];
        int64_t expected[2];
    } cases[] = {
        {1000, {1250, 1250}, {1250, 1250}, {500, 500}}, {1300, {1250, 1250}, {50, 2500}, {50, 1250}},
        {1300, {1250, 1250}, {250, 1050}, {250, 1050}}, {650, {1250, 1250}, {50, 2500}, {25, 625}},
        {0, {1250, 1250}, {0, 2500}, {0, 0}},
    };
    int64_t parts[2];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(refund_lines(cases[i].amount_minor, cases[i].weights, cases[i].left, 2, parts), 0);
        assert_memory_equal(parts, cases[i].expected, sizeof parts);
    }
    assert_int_equal(refund_lines(1301, cases[1].weights, (const int64_t[]){50, 1250}, 2, parts), ERR_AMOUNT_OVERFLOW);
}

static void disputed_money_ends_where_it_was_or_goes_back(void **state)
{
    struct clearing_row row = {.amount_minor = 1000, .refunded_minor = 100};

    (void)state;
    line_dispute(&row, 900);
    assert_int_equal(line_left(&row), 0);
    line_win(&row, 300);
    assert_int_equal(line_left(&row), 300);
    line_lose(&row, 600);
    assert_int_equal(line_left(&row), 300);
    assert_int_equal(row.refunded_minor, 700);
    assert_int_equal(row.disputed_minor, 0);
}

/* In any steps: nobody gives more than he has, and when all has gone back nobody has anything. */
static void lost_disputes_take_everything_in_any_steps(void **state)
{
    enum { ROUNDS = 2000, PARTNERS = 3, ENTRIES_MAX = 64 };
    const char *again = getenv("SEED");
    const unsigned seed = again != NULL ? (unsigned)strtoul(again, NULL, 10) : (unsigned)getpid();

    (void)state;
    print_message("SEED=%u\n", seed);
    srand(seed);
    for (int round = 0; round < ROUNDS; round++) {
        struct clearing_entry_row entries[ENTRIES_MAX];
        struct clearing_row row = {.fee_left_minor = rand() % 50, .platform_minor = rand() % 3000};
        size_t n = 0;

        row.amount_minor = row.fee_left_minor + row.platform_minor;
        for (int i = 0; i < PARTNERS; i++) {
            entries[n] = (struct clearing_entry_row){
                .entry_id = i + 1, .partner_id = i + 1, .kind = ENTRY_SALE, .amount_minor = 1 + rand() % 2000};
            row.amount_minor += entries[n++].amount_minor;
        }
        while (line_left(&row) > 0) {
            struct line_holder holders[REVERSAL_PARTS_MAX];
            int64_t parts[REVERSAL_PARTS_MAX];
            int64_t amount_minor = 1 + rand() % line_left(&row);
            size_t n_holders;

            if (n + PARTNERS * 2 > ENTRIES_MAX)
                amount_minor = line_left(&row); /* room for one more step alone */
            line_dispute(&row, amount_minor);
            line_lose(&row, amount_minor);
            n_holders = line_holders(&row, entries, n, holders);
            assert_int_equal(line_bear(&row, holders, n_holders, amount_minor, NULL, 0, parts), 0);
            for (size_t i = 0; i < n_holders; i++) {
                assert_true(parts[i] >= 0 && parts[i] <= holders[i].left_minor);
                amount_minor -= parts[i];
                if (i >= HOLDERS_BEFORE_PARTNERS)
                    entries[n++] = (struct clearing_entry_row){
                        .partner_id = holders[i].partner_id, .kind = ENTRY_DISPUTE, .amount_minor = -parts[i]};
            }
            assert_int_equal(amount_minor, 0);
        }
        assert_int_equal(row.refunded_minor, row.amount_minor);
        assert_int_equal(row.fee_left_minor, 0);
        assert_int_equal(row.platform_minor, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(disputes_leave_what_a_refund_needs),
        cmocka_unit_test(refunds_take_of_a_line_at_most_its_units_cost),
        cmocka_unit_test(disputed_money_ends_where_it_was_or_goes_back),
        cmocka_unit_test(lost_disputes_take_everything_in_any_steps),
    };

    return cmocka_run_group_tests_name("settlement lines", tests, NULL, NULL);
}
