/* Agreements: their versions and texts, what they go with, how many a business has. */
#include "lib/db_suite.h"

#include <string.h>

#include "flows/create_agreement.h"
#include "lib/agreements.h"

static long long number(const char *what)
{
    return test_db_number(db, arena_printf(db->arena, "SELECT %s", what));
}

static void versions_count_from_one_and_never_change(void **state)
{
    const struct agreement_view first = given_agreement(db, "terms", AGREEMENT_SHOWN, NULL);
    const struct agreement_view other = given_agreement(db, "privacy", AGREEMENT_SHOWN, NULL);
    const long long rows = number("SUM(CRC32(CONCAT_WS(',', agreement_template_id, code, version, demand, created_by, "
                                  "create_time_ms))) FROM bmt_payment.agreement_templates");
    const struct agreement_view second = given_agreement(db, "terms", AGREEMENT_REQUIRED, NULL);

    (void)state;
    assert_int_equal(first.row.version, 1);
    assert_int_equal(other.row.version, 1);
    assert_int_equal(second.row.version, 2);
    assert_int_equal(number("SUM(CRC32(CONCAT_WS(',', agreement_template_id, code, version, demand, created_by, "
                            "create_time_ms))) FROM bmt_payment.agreement_templates WHERE version = 1"),
                     rows);
}

static void a_version_keeps_its_texts_with_their_hashes(void **state)
{
    struct agreement_text_row texts[] = {{.locale = "en", .title = "Terms", .text = "abc"},
                                         {.locale = "zh-CN", .title = "T", .text = "\xe6\x9d\xa1\xe6\xac\xbe"}};
    struct create_agreement c = agreement_named("terms", AGREEMENT_SHOWN);

    (void)state;
    c.texts = texts;
    c.n_texts = 2;
    assert_int_equal(act(db, &create_agreement_plan, &c, sizeof c, NULL), 0);
    assert_string_equal(c.view.text.text, "abc");
    assert_int_equal(c.view.n_locales, 2);
    assert_int_equal(number("COUNT(*) FROM bmt_payment.agreement_texts WHERE text_sha256 = UNHEX(SHA2(text, 256))"), 2);
    assert_int_equal(number("text_sha256 = "
                            "0xba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad "
                            "FROM bmt_payment.agreement_texts WHERE locale = 'en' AND text_no = 0"),
                     1);
}

static void one_request_makes_one_version(void **state)
{
    struct create_agreement first = agreement_named("terms", AGREEMENT_SHOWN);
    struct create_agreement again = agreement_named("terms", AGREEMENT_SHOWN);
    struct create_agreement other = agreement_named("terms", AGREEMENT_REQUIRED);

    (void)state;
    other.command.fingerprint[0] = 1;
    assert_int_equal(act(db, &create_agreement_plan, &first, sizeof first, "once"), 0);
    assert_int_equal(act(db, &create_agreement_plan, &again, sizeof again, "once"), 0);
    assert_int_equal(act(db, &create_agreement_plan, &other, sizeof other, "once"), ERR_REQUEST_ID_REUSED);
    assert_int_equal(number("COUNT(*) FROM bmt_payment.agreement_templates"), 1);
    assert_int_equal(number("COUNT(*) FROM bmt_payment.agreement_texts"), 1);
}

static void versions_of_one_batch_follow_each_other(void **state)
{
    struct create_agreement together[] = {agreement_named("a", AGREEMENT_SHOWN), agreement_named("b", AGREEMENT_SHOWN),
                                          agreement_named("a", AGREEMENT_SHOWN), agreement_named("a", AGREEMENT_SHOWN)};

    (void)state;
    together[3].command.biz_id = OTHER_BIZ;
    act_together(db, &create_agreement_plan, together, 4, sizeof *together);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(together[i].command.err.id, 0);
    assert_int_equal(together[2].view.row.version, 2);
    assert_int_equal(together[3].view.row.version, 1);
    assert_int_equal(number("COUNT(*) FROM bmt_payment.agreement_versions"), 2);
}

static void what_it_goes_with_must_be_there(void **state)
{
    static const struct {
        enum agreement_subject kind;
        bool is_foreign;
        int refusal;
    } cases[] = {
        {AGREEMENT_OF_SPU, false, ERR_SPU_NOT_FOUND},
        {AGREEMENT_OF_SKU, false, ERR_SKU_NOT_FOUND},
        {AGREEMENT_OF_SPU, true, ERR_SPU_NOT_FOUND},
        {AGREEMENT_OF_SKU, true, ERR_SKU_NOT_FOUND},
    };
    const struct sale foreign = given_sale(db, OTHER_BIZ, "gold", 1250, -1);
    const long long before = test_db_checksum(db);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const int64_t foreign_id = cases[i].kind == AGREEMENT_OF_SPU ? foreign.spu_id : foreign.sku_id;
        struct agreement_subject_row subject = {.kind = (int32_t)cases[i].kind,
                                                .subject_id = cases[i].is_foreign ? foreign_id : 64};
        struct create_agreement c = agreement_named("terms", AGREEMENT_SHOWN);

        c.subjects = &subject;
        c.n_subjects = 1;
        assert_int_equal(act(db, &create_agreement_plan, &c, sizeof c, NULL), cases[i].refusal);
    }
    assert_int_equal(test_db_checksum(db), before);
}

static void a_business_has_so_many_agreements_until_one_is_withdrawn(void **state)
{
    struct create_agreement more = agreement_named("more", AGREEMENT_SHOWN);
    struct create_agreement again = agreement_named("more", AGREEMENT_SHOWN);
    long long before;

    (void)state;
    for (int i = 0; i < AGREEMENTS_MAX; i++)
        (void)given_agreement(db, arena_printf(db->arena, "a%d", i), AGREEMENT_SHOWN, NULL);
    before = test_db_checksum(db);
    assert_int_equal(act(db, &create_agreement_plan, &more, sizeof more, NULL), ERR_AGREEMENT_LIMIT);
    assert_string_equal(err_value(&more.command.err, 0), "32");
    assert_int_equal(test_db_checksum(db), before);
    (void)given_agreement(db, "a0", AGREEMENT_REQUIRED, NULL); /* not one more */
    (void)given_agreement(db, "a0", AGREEMENT_WITHDRAWN, NULL);
    assert_int_equal(act(db, &create_agreement_plan, &again, sizeof again, NULL), 0);
    struct create_agreement back = agreement_named("a0", AGREEMENT_SHOWN);

    assert_int_equal(act(db, &create_agreement_plan, &back, sizeof back, NULL), ERR_AGREEMENT_LIMIT);
}

/* The newest first, of all or of one code; a page ends where its texts grow too large, and the next one goes on. */
static void lists_go_on_where_they_ended(void **state)
{
    struct list_agreements all = {.code = "", .locale = "", .list.page.size = 50};
    struct list_agreements one = {.code = "b", .locale = "", .list.page.size = 1};
    char *long_text = arena_alloc(db->arena, 65537);

    (void)state;
    memset(long_text, 'x', 65536);
    for (int i = 0; i < 20; i++) {
        struct create_agreement c = agreement_named(i % 2 == 0 ? "a" : "b", AGREEMENT_SHOWN);

        c.texts[0].text = long_text;
        assert_int_equal(act(db, &create_agreement_plan, &c, sizeof c, NULL), 0);
    }
    assert_int_equal(act(db, &list_agreements_plan, &all, sizeof all, NULL), 0);
    assert_int_equal(all.n, 20);
    assert_int_equal(all.list.page.size, 16); /* 16 x 64 KiB */
    assert_int_equal(all.views[0].row.version, 10);
    assert_string_equal(all.views[15].text.text, long_text);
    struct list_agreements rest = {
        .code = "", .locale = "", .list.page = {.size = 50, .after_id = all.views[15].template_id}};

    assert_int_equal(act(db, &list_agreements_plan, &rest, sizeof rest, NULL), 0);
    assert_int_equal(rest.n, 4);
    assert_int_equal(rest.views[3].row.version, 1);
    assert_int_equal(act(db, &list_agreements_plan, &one, sizeof one, NULL), 0);
    assert_int_equal(one.n, 2);
    assert_string_equal(one.views[0].row.code, "b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(versions_count_from_one_and_never_change, db_suite_empty),
        cmocka_unit_test_setup(a_version_keeps_its_texts_with_their_hashes, db_suite_empty),
        cmocka_unit_test_setup(one_request_makes_one_version, db_suite_empty),
        cmocka_unit_test_setup(versions_of_one_batch_follow_each_other, db_suite_empty),
        cmocka_unit_test_setup(what_it_goes_with_must_be_there, db_suite_empty),
        cmocka_unit_test_setup(a_business_has_so_many_agreements_until_one_is_withdrawn, db_suite_empty),
        cmocka_unit_test_setup(lists_go_on_where_they_ended, db_suite_empty),
    };

    return cmocka_run_group_tests_name("agreement", tests, db_suite_begin, db_suite_end);
}
