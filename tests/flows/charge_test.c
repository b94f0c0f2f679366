/* Charges: payments that belong to no order. */
#include "lib/db_suite.h"

#include "flows/create_payment.h"
#include "lib/given.h"

static int create_payment(int64_t account_id, const char *request_id, uint8_t print, int64_t *ret_payment_id)
{
    struct create_payment c = {
        .user_id = "u1", .account_id = account_id, .amount = money_of(500, "EUR"), .return_url = ""};

    c.command.fingerprint[0] = print;
    int rc = act(db, &create_payment_plan, &c, sizeof c, request_id);

    *ret_payment_id = rc == 0 ? c.payment->payment_id : 0;
    return rc;
}

static void charges_begin_only_where_they_can(void **state)
{
    long long before;
    int64_t first;
    int64_t second;

    (void)state;
    test_db_run(db, "INSERT INTO bmt_payment.channel_accounts VALUES (5, 1001, 'main', 'sandbox', 't', 'm', "
                    "'nosecret', 'http://x', 'http://y', 1, 1, 1, 1, 1, '', 0, 0, 0)");
    before = test_db_checksum(db);
    assert_int_equal(create_payment(64, "c0", 1, &first), ERR_CHANNEL_ACCOUNT_NOT_FOUND);
    assert_int_equal(create_payment(5, "c0", 1, &first), ERR_CHANNEL_SECRET_MISSING);
    assert_true(test_db_checksum(db) == before);
    given_channel(db, 6);
    assert_int_equal(create_payment(6, "c1", 1, &first), 0);
    test_db_run(db, "UPDATE bmt_payment.channel_accounts SET state = 2");
    assert_int_equal(create_payment(6, "c2", 1, &second), ERR_CHANNEL_DISABLED);
    assert_int_equal(create_payment(6, "c1", 1, &second), 0); /* a repeat is not judged again */
    assert_true(second == first);
    assert_int_equal(create_payment(6, "c1", 2, &second), ERR_REQUEST_ID_REUSED);
    assert_int_equal(test_db_number(db, "SELECT COUNT(*) FROM bmt_payment.payments WHERE order_id = 0 AND state = 1"),
                     1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(charges_begin_only_where_they_can),
    };

    return cmocka_run_group_tests_name("charge", tests, db_suite_begin, db_suite_end);
}
