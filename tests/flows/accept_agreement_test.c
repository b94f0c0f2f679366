/* Acceptances of agreements as they are kept, and the payments that wait for them. */
#include "lib/db_suite.h"

#include "base/id.h"
#include "flows/accept_agreement.h"
#include "flows/create_agreement.h"
#include "flows/pay_order.h"
#include "lib/agreements.h"

static struct sale gold;
static struct sale silver;

static int clear(void **state)
{
    (void)state;
    test_db_clear(db);
    gold = given_sale(db, TEST_BIZ, "gold", 1250, -1);
    silver = given_sale(db, TEST_BIZ, "silver", 990, -1);
    given_channel(db, 5);
    return 0;
}

static long long number(const char *what)
{
    return test_db_number(db, arena_printf(db->arena, "SELECT %s", what));
}

static struct begin_payment pay_command(const char *user_id, const struct sale *sale)
{
    return (struct begin_payment){
        .order_id = given_pending_order(db, user_id, sale->sku_id, 1), .account_id = 5, .return_url = ""};
}

/* What PayOrder says of a new order of the user. */
static int paying(const char *user_id, const struct sale *sale)
{
    struct begin_payment c = pay_command(user_id, sale);

    return act(db, &begin_payment_plan, &c, sizeof c, NULL);
}

static void an_acceptance_is_the_proof(void **state)
{
    static const uint8_t token[SHA256_SIZE] = {1, 2, 3};
    const struct agreement_view terms = given_agreement(db, "terms", AGREEMENT_REQUIRED, NULL);
    const int64_t order_id = given_pending_order(db, "u1", gold.sku_id, 1);
    struct accept_agreement c = acceptance_of(&terms, "u1");

    (void)state;
    c.order_id = order_id;
    c.locale = "EN";
    c.token_sha256 = (struct sql_bytes){.data = token, .size = sizeof token};
    assert_int_equal(act(db, &accept_agreement_plan, &c, sizeof c, NULL), 0);
    assert_int_equal(number(arena_printf(db->arena,
                                         "COUNT(*) FROM bmt_payment.agreement_acceptances AS a JOIN "
                                         "bmt_payment.agreement_texts AS t USING (agreement_template_id) WHERE "
                                         "a.user_id = 'u1' AND a.code = 'terms' AND a.version = 1 AND a.locale = 'en' "
                                         "AND a.text_sha256 = UNHEX(SHA2(t.text, 256)) AND a.order_id = %lld AND "
                                         "a.actor = 'merchant key_test' AND a.token_sha256 = "
                                         "RPAD(0x010203, 32, CHAR(0)) AND a.create_time_ms > 0",
                                         (long long)order_id)),
                     1);
}

static void a_version_is_accepted_once(void **state)
{
    const struct agreement_view terms = given_agreement(db, "terms", AGREEMENT_REQUIRED, NULL);
    struct accept_agreement first = acceptance_of(&terms, "u1");
    struct accept_agreement repeat = acceptance_of(&terms, "u1");
    struct accept_agreement again = acceptance_of(&terms, "u1");
    struct accept_agreement reused = acceptance_of(&terms, "u2");
    struct accept_agreement other = acceptance_of(&terms, "u2");
    long long before;

    (void)state;
    assert_int_equal(act(db, &accept_agreement_plan, &first, sizeof first, "once"), 0);
    before = number("SUM(CRC32(CONCAT_WS(',', acceptance_id, create_time_ms))) FROM bmt_payment.agreement_acceptances");
    assert_int_equal(act(db, &accept_agreement_plan, &repeat, sizeof repeat, "once"), 0);
    assert_int_equal(act(db, &accept_agreement_plan, &again, sizeof again, "twice"), 0);
    assert_int_equal(again.row.acceptance_id, first.row.acceptance_id);
    assert_int_equal(
        number("SUM(CRC32(CONCAT_WS(',', acceptance_id, create_time_ms))) FROM bmt_payment.agreement_acceptances"),
        before);
    reused.command.fingerprint[0] = 1;
    assert_int_equal(act(db, &accept_agreement_plan, &reused, sizeof reused, "once"), ERR_REQUEST_ID_REUSED);
    assert_int_equal(act(db, &accept_agreement_plan, &other, sizeof other, NULL), 0);
    assert_int_equal(number("COUNT(*) FROM bmt_payment.agreement_acceptances"), 2);
}

static void acceptances_of_one_batch_are_one(void **state)
{
    const struct agreement_view terms = given_agreement(db, "terms", AGREEMENT_REQUIRED, NULL);
    struct accept_agreement together[3];

    (void)state;
    for (size_t i = 0; i < 3; i++)
        together[i] = acceptance_of(&terms, i == 1 ? "u2" : "u1");
    act_together(db, &accept_agreement_plan, together, 3, sizeof *together);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(together[i].command.err.id, 0);
    assert_int_equal(together[0].row.acceptance_id, together[2].row.acceptance_id);
    assert_int_equal(number("COUNT(*) FROM bmt_payment.agreement_acceptances"), 2);
}

static void what_cannot_be_accepted_is_not_kept(void **state)
{
    const struct agreement_view terms = given_agreement(db, "terms", AGREEMENT_REQUIRED, NULL);
    const int64_t order_id = given_pending_order(db, "u1", gold.sku_id, 1);
    struct accept_agreement cases[6];
    const int refusals[] = {ERR_AGREEMENT_TEMPLATE_NOT_FOUND,
                            ERR_AGREEMENT_TEMPLATE_NOT_FOUND,
                            ERR_AGREEMENT_TEXT_NOT_FOUND,
                            ERR_ORDER_NOT_FOUND,
                            ERR_ORDER_NOT_FOUND,
                            ERR_AGREEMENT_TEMPLATE_NOT_FOUND};
    const long long before = test_db_checksum(db);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        cases[i] = acceptance_of(&terms, i == 3 ? "u2" : "u1");
    cases[0].template_id = 64;
    cases[1].command.biz_id = OTHER_BIZ;
    cases[2].locale = "fr";
    cases[3].order_id = order_id; /* of u1 */
    cases[4].order_id = 64;
    cases[5].template_id = 64; /* first the version, then its text, then the order */
    cases[5].locale = "fr";
    cases[5].order_id = 64;
    act_together(db, &accept_agreement_plan, cases, COUNT_OF(cases), sizeof *cases);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(cases[i].command.err.id, refusals[i]);
    assert_int_equal(test_db_checksum(db), before);
}

static void payment_waits_for_what_is_required(void **state)
{
    struct agreement_view terms;
    struct begin_payment c = pay_command("u1", &gold);
    long long before;

    (void)state;
    (void)given_agreement(db, "shown", AGREEMENT_SHOWN, NULL);
    terms = given_agreement(db, "terms", AGREEMENT_REQUIRED, NULL);
    before = test_db_checksum(db);
    assert_int_equal(act(db, &begin_payment_plan, &c, sizeof c, NULL), ERR_AGREEMENT_NOT_ACCEPTED);
    assert_string_equal(err_value(&c.command.err, 0), id_show(ID_TEMPLATE, terms.template_id));
    assert_string_equal(err_value(&c.command.err, 1), "terms");
    assert_string_equal(err_value(&c.command.err, 2), "1");
    assert_int_equal(test_db_checksum(db), before);
    given_acceptance(db, &terms, "u2");
    assert_int_equal(paying("u1", &gold), ERR_AGREEMENT_NOT_ACCEPTED);
    given_acceptance(db, &terms, "u1");
    assert_int_equal(paying("u1", &gold), 0);
}

/* Of whom it is demanded: by what the order has, and by whose it is. */
static void only_orders_that_it_goes_with_wait(void **state)
{
    const struct sale foreign = given_sale(db, OTHER_BIZ, "gold", 1250, -1);
    struct agreement_subject_row of_spu = {.kind = AGREEMENT_OF_SPU, .subject_id = gold.spu_id};
    struct agreement_subject_row of_sku = {.kind = AGREEMENT_OF_SKU, .subject_id = silver.sku_id};
    struct create_agreement other = agreement_named("other", AGREEMENT_REQUIRED);

    (void)state;
    (void)foreign;
    other.command.biz_id = OTHER_BIZ;
    assert_int_equal(act(db, &create_agreement_plan, &other, sizeof other, NULL), 0);
    assert_int_equal(paying("u1", &gold), 0);
    (void)given_agreement(db, "of-spu", AGREEMENT_REQUIRED, &of_spu);
    assert_int_equal(paying("u1", &gold), ERR_AGREEMENT_NOT_ACCEPTED);
    assert_int_equal(paying("u1", &silver), 0);
    (void)given_agreement(db, "of-spu", AGREEMENT_SHOWN, &of_spu);
    (void)given_agreement(db, "of-sku", AGREEMENT_REQUIRED, &of_sku);
    assert_int_equal(paying("u1", &gold), 0);
    assert_int_equal(paying("u1", &silver), ERR_AGREEMENT_NOT_ACCEPTED);
}

/* Another version is accepted anew, and one that withdraws it ends it. */
static void the_newest_version_is_what_counts(void **state)
{
    const struct agreement_view first = given_agreement(db, "terms", AGREEMENT_REQUIRED, NULL);
    struct agreement_view second;

    (void)state;
    given_acceptance(db, &first, "u1");
    assert_int_equal(paying("u1", &gold), 0);
    second = given_agreement(db, "terms", AGREEMENT_REQUIRED, NULL);
    given_acceptance(db, &first, "u2"); /* what it has seen is kept, and is not enough */
    assert_int_equal(paying("u1", &gold), ERR_AGREEMENT_NOT_ACCEPTED);
    assert_int_equal(paying("u2", &gold), ERR_AGREEMENT_NOT_ACCEPTED);
    given_acceptance(db, &second, "u1");
    assert_int_equal(paying("u1", &gold), 0);
    (void)given_agreement(db, "terms", AGREEMENT_WITHDRAWN, NULL);
    assert_int_equal(paying("u2", &gold), 0);
}

/* Orders of one batch, some of which wait for an agreement, do not hold the others back. */
static void a_batch_pays_what_can_be_paid(void **state)
{
    struct agreement_subject_row of_sku = {.kind = AGREEMENT_OF_SKU, .subject_id = silver.sku_id};
    const struct agreement_view terms = given_agreement(db, "terms", AGREEMENT_REQUIRED, &of_sku);
    struct begin_payment together[] = {pay_command("u1", &gold), pay_command("u1", &silver), pay_command("u2", &silver),
                                       pay_command("u3", &gold)};

    (void)state;
    given_acceptance(db, &terms, "u2");
    act_together(db, &begin_payment_plan, together, 4, sizeof *together);
    assert_int_equal(together[0].command.err.id, 0);
    assert_int_equal(together[1].command.err.id, ERR_AGREEMENT_NOT_ACCEPTED);
    assert_int_equal(together[2].command.err.id, 0);
    assert_int_equal(together[3].command.err.id, 0);
    assert_int_equal(number("COUNT(*) FROM bmt_payment.payments"), 3);
    assert_int_equal(number("COUNT(*) FROM bmt_order.orders WHERE payment_id = 0"), 1);
}

/* What has begun goes on: the payer is shown the page again, and the repeat is answered as before. */
static void a_payment_that_has_begun_waits_for_nothing(void **state)
{
    struct begin_payment c = pay_command("u1", &gold);
    struct begin_payment repeat = c;
    struct begin_payment again = c;
    struct begin_payment elsewhere = c;

    (void)state;
    given_channel(db, 6);
    elsewhere.account_id = 6;
    assert_int_equal(act(db, &begin_payment_plan, &c, sizeof c, "once"), 0);
    test_db_run(db, "UPDATE bmt_payment.payments SET state = 2");
    (void)given_agreement(db, "terms", AGREEMENT_REQUIRED, NULL);
    assert_int_equal(act(db, &begin_payment_plan, &repeat, sizeof repeat, "once"), 0);
    assert_int_equal(act(db, &begin_payment_plan, &again, sizeof again, NULL), 0);
    assert_int_equal(again.payment->payment_id, repeat.payment->payment_id);
    assert_int_equal(act(db, &begin_payment_plan, &elsewhere, sizeof elsewhere, NULL), ERR_PAYMENT_IN_DOUBT);
}

/* What this process keeps is used as long as the number of changes is the one that it was read under. */
static void another_replica_s_change_is_seen(void **state)
{
    (void)state;
    (void)given_agreement(db, "terms", AGREEMENT_SHOWN, NULL);
    assert_int_equal(paying("u1", &gold), 0);
    test_db_run(db, "UPDATE bmt_payment.agreement_templates SET demand = 2");
    assert_int_equal(paying("u1", &gold), 0); /* it was not read again */
    test_db_run(db, "UPDATE bmt_payment.agreement_versions SET version = version + 1");
    assert_int_equal(paying("u1", &gold), ERR_AGREEMENT_NOT_ACCEPTED);
}

static size_t accepted(const char *user_id, const char *code)
{
    struct list_acceptances c = {.filter = {.user_id = user_id, .code = code}, .list.page.size = 50};

    assert_int_equal(act(db, &list_acceptances_plan, &c, sizeof c, NULL), 0);
    for (size_t i = 1; i < c.n; i++)
        assert_true(c.rows[i].acceptance_id < c.rows[i - 1].acceptance_id);
    return c.n;
}

static void acceptances_are_listed_by_user_and_code(void **state)
{
    const struct agreement_view terms = given_agreement(db, "terms", AGREEMENT_SHOWN, NULL);
    const struct agreement_view privacy = given_agreement(db, "privacy", AGREEMENT_SHOWN, NULL);

    (void)state;
    given_acceptance(db, &terms, "u1");
    given_acceptance(db, &privacy, "u1");
    given_acceptance(db, &terms, "u2");
    assert_int_equal(accepted("", ""), 3);
    assert_int_equal(accepted("u1", ""), 2);
    assert_int_equal(accepted("", "terms"), 2);
    assert_int_equal(accepted("u1", "privacy"), 1);
    assert_int_equal(accepted("u2", "privacy"), 0);
    struct list_acceptances foreign = {
        .command.biz_id = OTHER_BIZ, .filter = {.user_id = "", .code = ""}, .list.page.size = 50};

    assert_int_equal(act(db, &list_acceptances_plan, &foreign, sizeof foreign, NULL), 0);
    assert_int_equal(foreign.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_acceptance_is_the_proof, clear),
        cmocka_unit_test_setup(a_version_is_accepted_once, clear),
        cmocka_unit_test_setup(acceptances_of_one_batch_are_one, clear),
        cmocka_unit_test_setup(what_cannot_be_accepted_is_not_kept, clear),
        cmocka_unit_test_setup(payment_waits_for_what_is_required, clear),
        cmocka_unit_test_setup(only_orders_that_it_goes_with_wait, clear),
        cmocka_unit_test_setup(the_newest_version_is_what_counts, clear),
        cmocka_unit_test_setup(a_batch_pays_what_can_be_paid, clear),
        cmocka_unit_test_setup(a_payment_that_has_begun_waits_for_nothing, clear),
        cmocka_unit_test_setup(another_replica_s_change_is_seen, clear),
        cmocka_unit_test_setup(acceptances_are_listed_by_user_and_code, clear),
    };

    return cmocka_run_group_tests_name("accept_agreement", tests, db_suite_begin, db_suite_end);
}
