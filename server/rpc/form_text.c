/*
 * Pure checks of text.
 */
#include "rpc/form_text.h"

#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "base/money.h"
#include "bmt/common/v1/options.pb-c.h"

#define TEXT_FORMAT(x) BMT__COMMON__V1__TEXT_FORMAT__TEXT_FORMAT_##x

static const char lower_case[] = "abcdefghijklmnopqrstuvwxyz";
static const char code_characters[] = "abcdefghijklmnopqrstuvwxyz0123456789._-:";
static const char token_characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-:";

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
static const char letters_and_digits[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

enum { SUBTAG_MAX = 8 };

static _Atomic bool http_is_allowed;

void form_text_allow_http(bool is_allowed)
{
    atomic_store(&http_is_allowed, is_allowed);
}

/* The shape of a tag of BCP 47: a language of 2 to 8 letters, then subtags of 1 to 8 letters and digits. */
static bool text_is_locale(const char *text)
{
    size_t length = strspn(text, letters);

    if (length < 2 || length > SUBTAG_MAX)
        return false;
    for (text += length; *text == '-'; text += length) {
        length = strspn(++text, letters_and_digits);
        if (length < 1 || length > SUBTAG_MAX)
            return false;
    }
    return *text == '\0';
}

static bool text_is_made_of(const char *text, const char *characters)
{
    return text[strspn(text, characters)] == '\0';
}

/* No control characters, neither those of ASCII nor U+0080 to U+009F (C2 80 to C2 9F). */
static bool text_is_line(const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        if (*c < 0x20 || *c == 0x7f || (c[0] == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f))
            return false;
    }
    return true;
}

/* Printable ASCII without space behind the scheme, with something that can be a host. */
static bool text_is_url(const char *text)
{
    size_t scheme = 0;

    if (strncmp(text, "https://", 8) == 0)
        scheme = 8;
    else if (strncmp(text, "http://", 7) == 0 && atomic_load(&http_is_allowed))
        scheme = 7;
    if (scheme == 0 || text[scheme] == '\0' || strchr("/?#:@", text[scheme]) != NULL)
        return false;
    for (const unsigned char *c = (const unsigned char *)text + scheme; *c != '\0'; c++) {
        if (*c <= 0x20 || *c >= 0x7f || strchr("\"<>\\^`{|}", *c) != NULL)
            return false;
    }
    return true;
}

const char *form_text_expected(int format, const char *text)
{
    switch (format) {
    case TEXT_FORMAT(CURRENCY): return currency_known(text) ? NULL : "a currency of ISO 4217";
    case TEXT_FORMAT(URL):
        if (text_is_url(text))
            return NULL;
        return atomic_load(&http_is_allowed) ? "an http or https address" : "an https address";
    case TEXT_FORMAT(TOKEN):
        return text_is_made_of(text, token_characters) ? NULL : "made of letters, digits and ._-: only";
    case TEXT_FORMAT(CODE):
        if (strchr(lower_case, text[0]) != NULL && text_is_made_of(text, code_characters))
            return NULL;
        return "a code of lower-case letters, digits and ._-: that starts with a letter";
    case TEXT_FORMAT(LOCALE): return text_is_locale(text) ? NULL : "a language tag such as en or zh-CN";
    case TEXT_FORMAT(LINE): return text_is_line(text) ? NULL : "one line without control characters";
    default: return NULL;
    }
}
