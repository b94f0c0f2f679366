/* Every (state, event) pair of every table, and that tables, protos and names agree. */
#include "lib/suite.h"

#include <stdio.h>
#include <string.h>

#include "bmt/order/v1/order.pb-c.h"
#include "bmt/payment/v1/payment.pb-c.h"
#include "bmt/product/v1/product.pb-c.h"
#include "bmt/settlement/v1/ledger.pb-c.h"
#include "bmt/settlement/v1/statement.pb-c.h"
#include "order/state.h"
#include "payment/state.h"
#include "product/state.h"
#include "settlement/state.h"

/* What a table must say: one letter a state, `.` where the event is refused. */
struct expectation {
    const struct fsm *fsm;
    int event;
    const char *to; /* by state from 0 on: the number of the next state, or `.` */
};

static const struct expectation expectations[] = {
    /*                                              state: 012345678 */
    {&order_fsm, ORDER_EVENT_CREATE, "1........"},
    {&order_fsm, ORDER_EVENT_PAY, ".2......."},
    {&order_fsm, ORDER_EVENT_START_FULFILMENT, "..3......"},
    {&order_fsm, ORDER_EVENT_FULFIL, "...4....."},
    {&order_fsm, ORDER_EVENT_CONFIRM, "....5...."},
    {&order_fsm, ORDER_EVENT_CANCEL, ".6......."},
    {&order_fsm, ORDER_EVENT_EXPIRE, ".6......."},
    {&order_fsm, ORDER_EVENT_FAIL_PAYMENT, ".6......."},
    {&order_fsm, ORDER_EVENT_DENY, ".6......."},
    {&order_fsm, ORDER_EVENT_START_REFUND, "....77..."},
    {&order_fsm, ORDER_EVENT_REFUND, ".......8."},
    {&order_fsm, ORDER_EVENT_END_REFUND, ".......4."},
    {&order_fsm, ORDER_EVENT_END_REFUND_COMPLETED, ".......5."},
    {&order_fsm, ORDER_EVENT_REOPEN, "......2.."},
    {&payment_fsm, PAYMENT_EVENT_CREATE, "1......"},
    {&payment_fsm, PAYMENT_EVENT_WAIT, ".2....2"},
    {&payment_fsm, PAYMENT_EVENT_LOSE, ".6....."},
    {&payment_fsm, PAYMENT_EVENT_SUCCEED, ".33.333"},
    {&payment_fsm, PAYMENT_EVENT_FAIL, ".44...4"},
    {&payment_fsm, PAYMENT_EVENT_CLOSE, ".55...5"},
    {&payment_fsm, PAYMENT_EVENT_OFFER, ".1....."},
    {&refund_fsm, REFUND_EVENT_CREATE, "1....."},
    {&refund_fsm, REFUND_EVENT_WAIT, ".2...2"},
    {&refund_fsm, REFUND_EVENT_LOSE, ".5...."},
    {&refund_fsm, REFUND_EVENT_SUCCEED, ".33..3"},
    {&refund_fsm, REFUND_EVENT_FAIL, ".44..4"},
    {&refund_fsm, REFUND_EVENT_PROVE, "....3."},
    {&product_sale_fsm, SALE_EVENT_PUBLISH, ".2.2"},
    {&product_sale_fsm, SALE_EVENT_UNPUBLISH, "..3."},
    {&statement_fsm, STATEMENT_EVENT_OPEN, "1....."},
    {&statement_fsm, STATEMENT_EVENT_CLOSE, ".2...."},
    {&statement_fsm, STATEMENT_EVENT_PAY, "..3..3"},
    {&statement_fsm, STATEMENT_EVENT_PAY_SUCCEED, "...4.."},
    {&statement_fsm, STATEMENT_EVENT_PAY_FAIL, "...5.."},
    {&statement_fsm, STATEMENT_EVENT_PAY_RETURN, "....5."},
    {&payout_fsm, PAYOUT_EVENT_CREATE, "1......"},
    {&payout_fsm, PAYOUT_EVENT_WAIT, ".2...2."},
    {&payout_fsm, PAYOUT_EVENT_LOSE, ".5....."},
    {&payout_fsm, PAYOUT_EVENT_SUCCEED, ".33..3."},
    {&payout_fsm, PAYOUT_EVENT_FAIL, ".44..4."},
    {&payout_fsm, PAYOUT_EVENT_RETURN, "...6..."},
    {&dispute_fsm, DISPUTE_EVENT_OPEN, "1..."},
    {&dispute_fsm, DISPUTE_EVENT_WIN, ".2.."},
    {&dispute_fsm, DISPUTE_EVENT_LOSE, ".3.."},
};

static void every_pair_leads_where_it_must(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(expectations); i++) {
        const struct expectation *e = &expectations[i];

        assert_int_equal(strlen(e->to), e->fsm->n_states);
        for (size_t from = 0; from < e->fsm->n_states; from++) {
            int to = -1;
            const bool is_allowed = fsm_next(e->fsm, (int)from, e->event, &to);

            if (is_allowed != (e->to[from] != '.') || (is_allowed && to != e->to[from] - '0'))
                fail_msg("%s: %s from %s", e->fsm->name, fsm_event_name(e->fsm, e->event),
                         fsm_state_name(e->fsm, (int)from));
        }
    }
}

static void tables_are_sound_and_all_events_are_expected(void **state)
{
    const struct fsm *const all[] = {&order_fsm,     &payment_fsm, &refund_fsm, &product_sale_fsm,
                                     &statement_fsm, &payout_fsm,  &dispute_fsm};
    size_t n_events = 0;

    (void)state;
    assert_true(fsm_is_sound(&order_fsm, ORDER_NONE));
    assert_true(fsm_is_sound(&payment_fsm, PAYMENT_NONE));
    assert_true(fsm_is_sound(&refund_fsm, REFUND_NONE));
    assert_true(fsm_is_sound(&product_sale_fsm, SALE_DRAFT));
    assert_true(fsm_is_sound(&statement_fsm, STATEMENT_NONE));
    assert_true(fsm_is_sound(&payout_fsm, PAYOUT_NONE));
    assert_true(fsm_is_sound(&dispute_fsm, DISPUTE_NONE));
    for (size_t i = 0; i < COUNT_OF(all); i++)
        n_events += all[i]->n_events - 1;
    assert_int_equal(n_events, COUNT_OF(expectations));
}

/* `ORDER_STATE_PAID` is 2 in the proto: so it is here, under the same word. */
static void expect_same_words(const ProtobufCEnumDescriptor *proto, const char *prefix, const char *const *names,
                              size_t n)
{
    for (unsigned i = 0; i < proto->n_values; i++) {
        const int value = proto->values[i].value;
        char wanted[96];

        if ((size_t)value >= n)
            continue; /* an event that comes with a later version */
        snprintf(wanted, sizeof wanted, "%s%s", prefix, names[value]);
        assert_string_equal(proto->values[i].name, wanted);
    }
}

static void states_are_the_same_words_as_in_the_protos(void **state)
{
    (void)state;
    expect_same_words(&bmt__order__v1__order_state__descriptor, "ORDER_STATE_", order_fsm.states, order_fsm.n_states);
    expect_same_words(&bmt__order__v1__order_event_kind__descriptor, "ORDER_EVENT_KIND_", order_fsm.events,
                      order_fsm.n_events);
    expect_same_words(&bmt__payment__v1__payment_state__descriptor, "PAYMENT_STATE_", payment_fsm.states,
                      payment_fsm.n_states);
    expect_same_words(&bmt__order__v1__refund_state__descriptor, "REFUND_STATE_", refund_fsm.states,
                      refund_fsm.n_states);
    expect_same_words(&bmt__product__v1__spu_state__descriptor, "SPU_STATE_", product_sale_fsm.states,
                      product_sale_fsm.n_states);
    expect_same_words(&bmt__product__v1__sku_state__descriptor, "SKU_STATE_", product_sale_fsm.states,
                      product_sale_fsm.n_states);
    expect_same_words(&bmt__settlement__v1__statement_state__descriptor, "STATEMENT_STATE_", statement_fsm.states,
                      statement_fsm.n_states);
    expect_same_words(&bmt__settlement__v1__payout_state__descriptor, "PAYOUT_STATE_", payout_fsm.states,
                      payout_fsm.n_states);
    expect_same_words(&bmt__settlement__v1__dispute_state__descriptor, "DISPUTE_STATE_", dispute_fsm.states,
                      dispute_fsm.n_states);
}

static void refusals_name_the_allowed_states(void **state)
{
    char text[160];

    (void)state;
    assert_string_equal(fsm_allowed(&order_fsm, ORDER_EVENT_START_REFUND, text, sizeof text), "FULFILLED, COMPLETED");
    assert_int_equal(fsm_state_of(&order_fsm, "PAID"), ORDER_PAID);
    assert_int_equal(fsm_state_of(&order_fsm, "NOPE"), 0);
    assert_string_equal(fsm_state_name(&order_fsm, 99), "UNKNOWN");
    assert_string_equal(fsm_event_name(&order_fsm, -1), "UNKNOWN");
    assert_true(fsm_is_final(&order_fsm, ORDER_REFUNDED));
    assert_false(fsm_is_final(&order_fsm, ORDER_PAID));
    assert_true(order_state_is_settled(ORDER_COMPLETED) && !order_state_is_settled(ORDER_PAID));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_leads_where_it_must),
        cmocka_unit_test(tables_are_sound_and_all_events_are_expected),
        cmocka_unit_test(states_are_the_same_words_as_in_the_protos),
        cmocka_unit_test(refusals_name_the_allowed_states),
    };

    return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
