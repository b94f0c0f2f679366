/* The sandbox channel's adapter: what it sends, and what it makes of answers. Nobody is asked here. */
#include "lib/suite.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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
    secret.channel_key = ed25519_new_private_key();
    account = (struct channel_account){.channel = channel_of_name("sandbox"), .row = &row, .secret = &secret};
    return 0;
}

static int end(void **state)
{
    (void)state;
    ed25519_key_free(secret.channel_key);
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

    ed25519_sign(secret.channel_key, covered, strlen(covered), signature);
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

static const struct channel_payout payout = {
    .payout_id = 5, .biz_id = 1001, .amount_minor = 700, .currency = "EUR", .account = "DE02 1203"};

static void a_payout_is_asked_for_and_about_by_its_id(void **state)
{
    struct http_request request;
    struct channel_payout asked_about = payout;
    json_t *body;

    (void)state;
    account.channel->build_payout(&account, &payout, arena, &request);
    assert_string_equal(request.method, "POST");
    assert_string_equal(request.url, "http://c/v1/payouts");
    assert_int_equal(request.n_headers, 5); /* signed: what it is made of is the channel's test */
    body = json_loadb(request.body, request.body_size, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(body, "merchant_payout_id")), "pyo_0000000000005");
    assert_int_equal(json_integer_value(json_object_get(body, "amount_minor")), 700);
    assert_string_equal(json_string_value(json_object_get(body, "currency")), "EUR");
    assert_string_equal(json_string_value(json_object_get(body, "account")), "DE02 1203");
    json_decref(body);

    asked_about.account = NULL;
    account.channel->build_query_payout(&account, &asked_about, arena, &request);
    assert_string_equal(request.method, "GET");
    assert_string_equal(request.url, "http://c/v1/payouts/pyo_0000000000005");
    assert_null(request.body);
}

#define PAYOUT(more)                                                                                  \
    "{\"merchant_payout_id\":\"pyo_0000000000005\",\"channel_payout_id\":\"co\",\"amount_minor\":700" \
    ",\"currency\":\"EUR\"," more "}"

static void what_became_of_a_payout_is_one_word(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum channel_word word;
        int64_t payout_id;
        const char *failure;
    } cases[] = {
        {200, PAYOUT("\"state\":\"PENDING\""), CHANNEL_WAITS, 5, ""},
        {200, PAYOUT("\"state\":\"PAID\",\"channel_transaction_id\":\"ct\""), CHANNEL_PAID_OUT, 5, ""},
        {200, PAYOUT("\"state\":\"FAILED\",\"failure\":\"ACCOUNT_CLOSED\""), CHANNEL_FAILED, 5, "ACCOUNT_CLOSED"},
        {200, PAYOUT("\"state\":\"RETURNED\",\"failure\":\"X\""), CHANNEL_RETURNED, 5, "X"},
        {200, PAYOUT("\"state\":\"SUCCEEDED\""), CHANNEL_UNCLEAR, 5, ""},
        {200, PAYMENT("\"state\":\"SUCCEEDED\""), CHANNEL_UNCLEAR, 0, ""},
        {200, "[]", CHANNEL_UNCLEAR, 0, ""},
        {409, "{\"error\":\"ID_REUSED\"}", CHANNEL_REFUSED, 0, "ID_REUSED"},
        {404, "{\"error\":\"NOT_FOUND\"}", CHANNEL_MISSING, 0, ""},
        {500, PAYOUT("\"state\":\"PAID\""), CHANNEL_UNCLEAR, 0, ""},
    };
    struct http_reply reply;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        reply = answer(cases[i].status, cases[i].body);
        const struct channel_verdict verdict = account.channel->read_payout(&account, &reply, arena);

        if (verdict.word != cases[i].word || verdict.payout_id != cases[i].payout_id ||
            strcmp(verdict.failure, cases[i].failure) != 0)
            fail_msg("%s: word %d, payout %lld, %s", cases[i].body, verdict.word, (long long)verdict.payout_id,
                     verdict.failure);
    }
    reply = answer(200, cases[1].body);
    const struct channel_verdict paid = account.channel->read_payout(&account, &reply, arena);
    assert_int_equal(paid.amount.amount_minor, 700);
    assert_string_equal(paid.ref, "co");
    assert_string_equal(paid.transaction, "ct");
    reply.body = cases[3].body; /* what was not signed is not believed */
    reply.body_size = strlen(reply.body);
    assert_int_equal(account.channel->read_payout(&account, &reply, arena).word, CHANNEL_UNCLEAR);
    reply.outcome = HTTP_NOT_SENT;
    assert_int_equal(account.channel->read_payout(&account, &reply, arena).word, CHANNEL_NOT_ASKED);
    reply.outcome = HTTP_UNKNOWN;
    assert_int_equal(account.channel->read_payout(&account, &reply, arena).word, CHANNEL_UNCLEAR);
}

#define LINE(type, id, more)                                                                                   \
    "{\"type\":\"" type "\",\"merchant_id\":\"" id "\",\"channel_id\":\"c\",\"channel_transaction_id\":\"ct\"" \
    ",\"amount_minor\":1250,\"currency\":\"EUR\",\"time_ms\":7" more "}"

/* Reads a statement of this one line; NULL when it is refused. */
static const struct channel_statement_line *read_line(const char *line)
{
    const char *file = arena_printf(arena,
                                    "{\"merchant\":\"shop\",\"date\":\"2026-07-01\",\"part\":1,\"parts\":1,"
                                    "\"lines\":[%s]}",
                                    line);
    struct channel_statement statement;
    const char *problem = NULL;

    if (!account.channel->read_statement(&account, "2026-07-01",
                                         (struct sql_bytes){.data = (const uint8_t *)file, .size = strlen(file)}, arena,
                                         &statement, &problem)) {
        assert_string_equal(problem, "line 1 is no movement of money");
        return NULL;
    }
    assert_int_equal(statement.n, 1);
    return &statement.lines[0];
}

static void a_line_is_of_ours_by_its_type(void **state)
{
    static const struct {
        const char *line;
        int kind; /* 0: it is refused */
        int64_t object_id;
        int64_t fee_minor;
    } cases[] = {
        {LINE("PAYMENT", "pay_0000000000005", ",\"fee_minor\":31"), STATEMENT_PAYMENT, 5, 31},
        {LINE("PAYMENT", "pay_0000000000005", ""), STATEMENT_PAYMENT, 5, 0},
        {LINE("PAYMENT", "pyo_0000000000005", ""), STATEMENT_PAYMENT, 0, 0},
        {LINE("PAYMENT", "pay_0000000000005", ",\"fee_minor\":1251"), 0, 0, 0},
        {LINE("PAYMENT", "pay_0000000000005", ",\"fee_minor\":\"31\""), 0, 0, 0},
        {LINE("REFUND", "rfd_0000000000005", ""), STATEMENT_REFUND, 5, 0},
        {LINE("PAYOUT", "pyo_0000000000005", ""), STATEMENT_PAYOUT, 5, 0},
        {LINE("RETURN", "pyo_0000000000005", ""), STATEMENT_RETURN, 5, 0},
        {LINE("RETURN", "pay_0000000000005", ""), STATEMENT_RETURN, 0, 0},
        {LINE("SETTLEMENT", "pyo_0000000000005", ""), STATEMENT_SETTLEMENT, 0, 0},
        {LINE("GIFT", "pay_0000000000005", ""), 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct channel_statement_line *line = read_line(cases[i].line);

        if ((line != NULL ? (int)line->kind : 0) != cases[i].kind ||
            (line != NULL && (line->object_id != cases[i].object_id || line->fee_minor != cases[i].fee_minor)))
            fail_msg("%s was read as kind %d", cases[i].line, line != NULL ? (int)line->kind : 0);
    }
    assert_int_equal(read_line(cases[6].line)->amount.amount_minor, 1250);
    assert_int_equal(read_line(cases[6].line)->time_ms, 7);
}

static void write_secret(const char *folder, const char *name, const char *text, mode_t mode)
{
    const char *path = arena_printf(arena, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");

    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

static void a_payout_account_is_a_secret_file_of_its_own(void **state)
{
    static const char *const refused[] = {"open", "empty", "binary", "main", "missing", ".."};
    char *folder = arena_strdup(arena, "/tmp/bmt-channel-XXXXXX");
    const char *account_text = NULL;
    struct err err = {0};

    (void)state;
    assert_non_null(mkdtemp(folder));
    write_secret(folder, "bank", "DE02 1203\n", 0600);
    write_secret(folder, "open", "DE02 1203\n", 0640);
    write_secret(folder, "empty", "", 0600);
    write_secret(folder, "binary", "\xff\n", 0600);
    write_secret(folder, "main", "what we sign with\n", 0600);
    write_secret(folder, "main.pub", "what the channel signs with\n", 0600);
    channel_use_secrets_dir(folder);
    assert_int_equal(channel_payout_account("bank", arena, &account_text, &err), 0);
    assert_string_equal(account_text, "DE02 1203");
    write_secret(folder, "bank", "DE03 1203\n", 0600);
    assert_int_equal(channel_payout_account("bank", arena, &account_text, &err), 0);
    assert_string_equal(account_text, "DE03 1203"); /* as it is now */
    for (size_t i = 0; i < COUNT_OF(refused); i++)
        if (channel_payout_account(refused[i], arena, &account_text, &err) != ERR_CHANNEL_SECRET_MISSING)
            fail_msg("%s was taken", refused[i]);
    channel_use_secrets_dir("");
    assert_int_equal(channel_payout_account("bank", arena, &account_text, &err), ERR_CHANNEL_SECRET_MISSING);
    assert_int_equal(system(arena_printf(arena, "rm -r %s", folder)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fee_is_a_part_of_the_amount),
        cmocka_unit_test(a_payout_is_asked_for_and_about_by_its_id),
        cmocka_unit_test(what_became_of_a_payout_is_one_word),
        cmocka_unit_test(a_line_is_of_ours_by_its_type),
        cmocka_unit_test(a_payout_account_is_a_secret_file_of_its_own),
    };

    return cmocka_run_group_tests_name("channel_sandbox", tests, begin, end);
}
