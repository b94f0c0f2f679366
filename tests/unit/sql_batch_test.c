/* Commands and the requests that they answer for. */
#include "lib/suite.h"

#include "sql/batch.h"

/* By business and the whole request_id: neither a longer one nor its beginning will do. */
static void a_row_knows_its_request_by_the_whole_key(void **state)
{
    const struct command command = {.biz_id = 7, .request_id = "abc"};
    const uint8_t *text = (const uint8_t *)"abcd";

    (void)state;
    assert_int_equal(command_request(&command).size, 3);
    assert_true(command_has_request(&command, 7, (struct sql_bytes){text, 3}));
    assert_false(command_has_request(&command, 8, (struct sql_bytes){text, 3}));
    assert_false(command_has_request(&command, 7, (struct sql_bytes){text, 4}));
    assert_false(command_has_request(&command, 7, (struct sql_bytes){text, 2}));
    assert_false(command_has_request(&command, 7, (struct sql_bytes){text + 1, 3}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_knows_its_request_by_the_whole_key),
    };

    return cmocka_run_group_tests_name("sql_batch", tests, NULL, NULL);
}
