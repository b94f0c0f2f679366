/* Disputes; see disputes.h. */
#include "lib/disputes.h"

#include "lib/given.h"
#include "lib/suite.h"

struct open_dispute dispute_of(struct test_db *test, int64_t order_id, int32_t line_no, int64_t amount_minor)
{
    static int next;

    return (struct open_dispute){.order_id = order_id,
                                 .line_no = line_no,
                                 .amount = money_of(amount_minor, "EUR"),
                                 .channel_dispute = arena_printf(test->arena, "cd_%d", ++next),
                                 .reason = "the card was stolen"};
}

int64_t given_dispute(struct test_db *test, int64_t order_id, int64_t amount_minor, int64_t fee_minor)
{
    struct open_dispute c = dispute_of(test, order_id, 1, amount_minor);

    c.fee = money_of(fee_minor, "EUR");
    assert_int_equal(act(test, &open_dispute_plan, &c, sizeof c, NULL), 0);
    return c.row.dispute_id;
}

int close_dispute_as(struct test_db *test, int64_t dispute_id, enum dispute_event event, int64_t returned_minor)
{
    struct close_dispute c = {.dispute_id = dispute_id,
                              .event = event,
                              .fee_returned = money_of(returned_minor, "EUR"),
                              .reason = "the channel says so"};

    return act(test, &close_dispute_plan, &c, sizeof c, NULL);
}
