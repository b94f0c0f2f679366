/*
 * Repeats that come while their first run has not committed: whatever they meet of it, they are answered as it was, and
 * never refused for what it did.
 */
#include "lib/db_suite.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "flows/refund_order.h"
#include "lib/given.h"
#include "sql/scan.h"

static struct sale gold;

static int clear(void **state)
{
    (void)state;
    test_db_clear(db);
    gold = given_sale(db, TEST_BIZ, "gold", 1250, 1);
    return 0;
}

/* A request that another session makes at the same time. */
struct beside {
    struct batch_plan *plan;
    void *command;
    size_t size;
    const char *request_id;
    pthread_t thread;
    char reply[16]; /* what it was answered, as far as it was kept */
};

static void *run_beside(void *argument)
{
    struct beside *beside = argument;
    struct test_db own = *db;

    db_thread_begin();
    own.session = session_new(db->db);
    own.arena = arena_new(64 << 20);
    (void)act(&own, beside->plan, beside->command, beside->size, beside->request_id);
    const struct sql_bytes reply = ((struct command *)beside->command)->reply;

    snprintf(beside->reply, sizeof beside->reply, "%.*s", (int)reply.size, (const char *)reply.data);
    session_free(own.session);
    arena_free(own.arena);
    db_thread_end();
    return NULL;
}

static void start_beside(struct beside *beside)
{
    assert_int_equal(pthread_create(&beside->thread, NULL, run_beside, beside), 0);
}

static void await(const char *count)
{
    for (int i = 0; test_db_number(db, count) == 0; i++) {
        assert_true(i < 100);
        test_db_run(db, "SELECT SLEEP(0.15)"); /* innodb_trx is read anew after a pause only */
    }
}

static struct beside repeat;

static struct sql_bytes first_reply(const struct command *command, struct arena *arena)
{
    static const char text[] = "the first";

    (void)command;
    (void)arena;
    return (struct sql_bytes){.data = (const uint8_t *)text, .size = sizeof text - 1};
}

/* The first run: has done everything but the commit when the repeat comes. */
static int cancel_slowly_body(struct batch *batch, struct err *err)
{
    const int rc = cancel_order_plan.body(batch, err);

    batch->commands[0]->pack = first_reply;
    start_beside(&repeat);
    await("SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT' /* bmt_order */");
    return rc;
}

static struct close_order cancel_of(int64_t order_id)
{
    return (struct close_order){
        .order_id = order_id, .event = ORDER_EVENT_CANCEL, .reason = CLOSE_USER_CANCELLED, .detail = ""};
}

/* Cancels an order while another session asks for the same; returns what the repeat was told. */
static int cancel_twice(const char *request_id, const char *repeated_request_id, uint8_t repeated_fingerprint)
{
    struct batch_plan slowly = cancel_order_plan;
    struct close_order first = cancel_of(given_pending_order(db, "u1", gold.sku_id, 1));
    struct close_order again = first;

    again.command.fingerprint[0] = repeated_fingerprint;
    slowly.body = cancel_slowly_body;
    repeat = (struct beside){
        .plan = &cancel_order_plan, .command = &again, .size = sizeof again, .request_id = repeated_request_id};
    assert_int_equal(act(db, &slowly, &first, sizeof first, request_id), 0);
    pthread_join(repeat.thread, NULL);
    return (int)again.command.err.id;
}

static void cancel_repeated_while_the_first_runs_is_answered_as_the_first(void **state)
{
    (void)state;
    assert_int_equal(cancel_twice("cancel", "cancel", 0), 0);
    assert_int_equal(test_db_number(db, "SELECT COUNT(*) FROM bmt_order.order_events WHERE to_state = 6"), 1);
    assert_string_equal(repeat.reply, "the first");
}

static void other_cancel_while_the_first_runs_is_refused(void **state)
{
    (void)state;
    assert_int_equal(cancel_twice("cancel", "other", 0), ERR_ORDER_WRONG_STATE);
}

static void other_body_under_the_request_id_of_a_running_cancel_is_refused(void **state)
{
    (void)state;
    assert_int_equal(cancel_twice("cancel", "cancel", 1), ERR_REQUEST_ID_REUSED);
}

/*
 * The first has committed, but is hidden from the repeat's first look; the table's lock then holds the repeat until it
 * can be seen.
 */
static void repeat_between_looks(const char *rows, const char *table, const char *schema)
{
    test_db_run(db, arena_printf(db->arena, "UPDATE %s SET request_id = 'hidden' WHERE request_id = 'again'", rows));
    test_db_run(db, arena_printf(db->arena, "LOCK TABLES %s WRITE", table));
    start_beside(&repeat);
    await(arena_printf(db->arena,
                       "SELECT COUNT(*) FROM information_schema.processlist "
                       "WHERE state = 'Waiting for table metadata lock' /* %s */",
                       schema));
    assert_int_equal(
        scan_run(db->session, MODULE_ORDER,
                 arena_printf(db->arena, "UPDATE %s SET request_id = 'again' WHERE request_id = 'hidden'", rows),
                 stderr),
        0);
    test_db_run(db, arena_printf(db->arena, "UNLOCK TABLES /* %s */", schema));
    pthread_join(repeat.thread, NULL);
}

static void refund_repeated_between_looks_is_the_same_refund(void **state)
{
    struct begin_refund first = {
        .order_id = given_pending_order(db, "u1", gold.sku_id, 1), .wants_all = true, .reason = "test"};
    struct begin_refund again = first;

    (void)state;
    given_channel(db, 5);
    given_money(db, 901, first.order_id, 1250);
    assert_int_equal(act(db, &begin_refund_plan, &first, sizeof first, "again"), 0);
    repeat =
        (struct beside){.plan = &begin_refund_plan, .command = &again, .size = sizeof again, .request_id = "again"};
    repeat_between_looks("bmt_order.refunds", "bmt_order.orders", "bmt_order");
    assert_int_equal(again.command.err.id, ERR_NONE);
    assert_int_equal(again.refund_id, first.refund_id);
}

/* The last piece is sold, to itself. */
static void order_repeated_between_looks_is_the_same_order(void **state)
{
    struct place_order first = place(db, "u1", gold.sku_id, 1);
    struct place_order again = place(db, "u1", gold.sku_id, 1);
    struct batch_plan looking = place_order_plan;

    (void)state;
    looking.look_first_left = LOOK_FIRST_BATCHES;
    assert_int_equal(act(db, &place_order_plan, &first, sizeof first, "again"), 0);
    repeat = (struct beside){.plan = &looking, .command = &again, .size = sizeof again, .request_id = "again"};
    repeat_between_looks("bmt_order.orders", "bmt_product.stocks", "bmt_product");
    assert_int_equal(again.command.err.id, ERR_NONE);
    assert_int_equal(test_db_number(db, "SELECT COUNT(*) FROM bmt_order.orders"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(cancel_repeated_while_the_first_runs_is_answered_as_the_first, clear),
        cmocka_unit_test_setup(other_cancel_while_the_first_runs_is_refused, clear),
        cmocka_unit_test_setup(other_body_under_the_request_id_of_a_running_cancel_is_refused, clear),
        cmocka_unit_test_setup(refund_repeated_between_looks_is_the_same_refund, clear),
        cmocka_unit_test_setup(order_repeated_between_looks_is_the_same_order, clear),
    };

    return cmocka_run_group_tests_name("repeat", tests, db_suite_begin, db_suite_end);
}
