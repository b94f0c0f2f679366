/* The forms of text that no field of the tests' own contract asks for. */
#include "lib/suite.h"

#include "base/check.h"
#include "bmt/common/v1/options.pb-c.h"
#include "rpc/form_text.h"

static void http_addresses_are_for_the_sandbox(void **state)
{
    (void)state;
    assert_non_null(form_text_expected(BMT__COMMON__V1__TEXT_FORMAT__TEXT_FORMAT_URL, "http://a/"));
    form_text_allow_http(true);
    assert_null(form_text_expected(BMT__COMMON__V1__TEXT_FORMAT__TEXT_FORMAT_URL, "http://a/"));
    form_text_allow_http(false);
}

static void locales_are_language_tags(void **state)
{
    static const char *const good[] = {"en", "zh-CN", "zh-Hant-TW", "de-CH-1996", "abcdefgh"};
    static const char *const bad[] = {"e",      "1e",        "en_GB",        "en-",         "-en",
                                      "en--GB", "abcdefghi", "en-abcdefghi", "en-\xc3\xbc", "e n"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_null(form_text_expected(BMT__COMMON__V1__TEXT_FORMAT__TEXT_FORMAT_LOCALE, good[i]));
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_non_null(form_text_expected(BMT__COMMON__V1__TEXT_FORMAT__TEXT_FORMAT_LOCALE, bad[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(http_addresses_are_for_the_sandbox),
        cmocka_unit_test(locales_are_language_tags),
    };

    return cmocka_run_group_tests_name("form_text", tests, NULL, NULL);
}
