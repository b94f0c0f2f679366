/* The sandbox channel's adapter: what it sends, and what it makes of answers. Nobody is asked here. */
#include "lib/suite.h"

#include <jansson.h>
#include <string.h>

#include "base/id.h"
#include "base/text.h"
#include "payment/channel.h"

static struct arena *arena;
static struct channel_account account;
static const struct channel_account_row row = {.merchant = "shop", .base_url = "http://c"};
static struct channel_secret secret = {.secret = "a secret"};

/* A signing key proves as well as its public half does. */
static int begin(void **state)
{
    (void)state;
    arena = arena_new(4 << 20);
    secret.channel_key = crypto_new_private_key();
    account = (struct channel_account){.channel = channel_of_name("sandbox"), .row = &row, .secret = &secret};
    return 0;
}

static int end(void **state)
{
    (void)state;
    crypto_key_free(secret.channel_key);
    arena_cleanup(&arena);
    return 0;
}

/* Standard base 64, which a signature's 64 bytes fill but for two places. */
static const char *base64(const uint8_t signature[ED25519_SIGNATURE_SIZE])
{
    char *text = arena_printf(arena, "%s==", text_base64url(signature, ED25519_SIGNATURE_SIZE, arena));

    for (char *c = text; *c != '\0'; c++)
        *c = *c == '-' ? '+' : *c == '_' ? '/' : *c;
    return text;
}

/* An answer that the channel has signed. */
static struct http_reply answer(int status, const char *body)
{
    uint8_t signature[ED25519_SIGNATURE_SIZE];
    struct http_header *headers = arena_array_of(arena, struct http_header, 3);
    const char *covered = arena_printf(arena, "1\nn\n%s", body);

    crypto_sign(secret.channel_key, covered, strlen(covered), signature);
    headers[0] = (struct http_header){"sandbox-timestamp", "1"};
    headers[1] = (struct http_header){"sandbox-nonce", "n"};
    headers[2] = (struct http_header){"sandbox-signature", base64(signature)};
    return (struct http_reply){.outcome = HTTP_ANSWERED,
                               .status = status,
                               .headers = headers,
                               .n_headers = 3,
                               .body = body,
                               .body_size = strlen(body)};
}

#define PAYMENT(more)                                                                                    \
    "{\"merchant_payment_id\":\"pay_0000000000005\",\"channel_payment_id\":\"cp\",\"amount_minor\":1250" \
    ",\"currency\":\"EUR\"," more "}"

static void a_fee_is_a_part_of_the_amount(void **state)
{
    static const struct {
        const char *body;
        enum channel_word word;
        int64_t fee_minor;
    } cases[] = {
        {PAYMENT("\"state\":\"SUCCEEDED\""), CHANNEL_HAS_MONEY, 0},
        {PAYMENT("\"state\":\"SUCCEEDED\",\"fee_minor\":0"), CHANNEL_HAS_MONEY, 0},
        {PAYMENT("\"state\":\"SUCCEEDED\",\"fee_minor\":31"), CHANNEL_HAS_MONEY, 31},
        {PAYMENT("\"state\":\"SUCCEEDED\",\"fee_minor\":1250"), CHANNEL_HAS_MONEY, 1250},
        {PAYMENT("\"state\":\"SUCCEEDED\",\"fee_minor\":1251"), CHANNEL_UNCLEAR, 0},
        {PAYMENT("\"state\":\"SUCCEEDED\",\"fee_minor\":-1"), CHANNEL_UNCLEAR, 0},
        {PAYMENT("\"state\":\"SUCCEEDED\",\"fee_minor\":\"31\""), CHANNEL_UNCLEAR, 0},
        {PAYMENT("\"state\":\"SUCCEEDED\",\"fee_minor\":31.5"), CHANNEL_UNCLEAR, 0},
        {PAYMENT("\"state\":\"SUCCEEDED\",\"fee_minor\":null"), CHANNEL_UNCLEAR, 0},
        {PAYMENT("\"state\":\"PENDING\""), CHANNEL_WAITS, 0},
        {PAYMENT("\"state\":\"PAID\""), CHANNEL_UNCLEAR, 0},
        {"nonsense", CHANNEL_UNCLEAR, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct http_reply reply = answer(200, cases[i].body);
        const struct channel_verdict verdict = account.channel->read_reply(&account, &reply, arena);

        if (verdict.word != cases[i].word || verdict.fee_minor != cases[i].fee_minor)
            fail_msg("%s: word %d, fee %lld", cases[i].body, verdict.word, (long long)verdict.fee_minor);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fee_is_a_part_of_the_amount),
    };

    return cmocka_run_group_tests_name("channel_sandbox", tests, begin, end);
}
