/*
 * The sandbox channel: what tests and demonstrations pay with (tests/channelsim/README.md is its protocol).
 *
 * Our requests carry an HMAC-SHA256 over method, path, time, nonce and body; its answers and notifications an Ed25519
 * signature over time, nonce and body. What is not signed is not believed.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/id.h"
#include "base/text.h"
#include "payment/channel_sandbox.h"

enum { CLOCK_SKEW_S_MAX = 300, NONCE_BYTES = 12 };

/* Adds the headers that prove who asks. */
static void sign(const struct channel_account *account, const char *path, struct arena *arena,
                 struct http_request *request)
{
    uint8_t mac[SHA256_SIZE];
    uint8_t nonce[NONCE_BYTES];
    char *mac_text = arena_alloc(arena, 2 * SHA256_SIZE + 1);
    char *nonce_text = arena_alloc(arena, 2 * NONCE_BYTES + 1);
    const char *time = arena_printf(arena, "%" PRId64, clock_wall_ms() / 1000);
    const char *covered;

    crypto_random(nonce, sizeof nonce);
    text_hex(nonce, sizeof nonce, nonce_text);
    covered = arena_printf(arena, "%s\n%s\n%s\n%s\n%s", request->method, path, time, nonce_text,
                           request->body != NULL ? request->body : "");
    crypto_hmac_sha256(account->secret->secret, strlen(account->secret->secret), covered, strlen(covered), mac);
    const struct http_header headers[] = {
        {"Content-Type", "application/json"},
        {"Sandbox-Merchant", account->row->merchant},
        {"Sandbox-Timestamp", time},
        {"Sandbox-Nonce", nonce_text},
        {"Sandbox-Signature", text_hex(mac, sizeof mac, mac_text)},
    };

    memcpy(request->headers, headers, sizeof headers);
    request->n_headers = COUNT_OF(headers);
}

static void build(const struct channel_account *account, const char *method, const char *path, const char *body,
                  struct arena *arena, struct http_request *ret_request)
{
    *ret_request = (struct http_request){
        .method = method,
        .url = arena_printf(arena, "%s%s", account->row->base_url, path),
        .body = body,
        .body_size = body != NULL ? strlen(body) : 0,
    };
    sign(account, path, arena, ret_request);
}

/* The text of a body, in the arena; `json` is given up. */
static const char *body_of(json_t *json, struct arena *arena)
{
    char *text = json_dumps(json, JSON_COMPACT);
    const char *copy;

    INVARIANT(text != NULL);
    copy = arena_strdup(arena, text);
    free(text); /* jansson's own */
    json_decref(json);
    return copy;
}

static void build_create(const struct channel_account *account, const struct payment_row *payment, struct arena *arena,
                         struct http_request *ret_request)
{
    json_t *json = json_pack(
        "{s:s, s:I, s:s, s:s, s:s, s:s, s:I}", "merchant_payment_id", id_show(ID_PAYMENT, payment->payment_id),
        "amount_minor", (json_int_t)payment->amount_minor, "currency", payment->currency, "subject",
        payment->order_id != 0 ? id_show(ID_ORDER, payment->order_id) : "payment", "notify_url",
        arena_printf(arena, "%s/%s", account->row->notify_url,
                     id_show(ID_CHANNEL_ACCOUNT, account->row->channel_account_id)),
        "return_url", payment->return_url, "expires_at", (json_int_t)(payment->expire_time_ms / 1000));

    build(account, "POST", "/v1/payments", body_of(json, arena), arena, ret_request);
}

static void build_query(const struct channel_account *account, const struct payment_row *payment, struct arena *arena,
                        struct http_request *ret_request)
{
    build(account, "GET",
          arena_printf(arena, "/v1/payments/by-merchant-id/%s", id_show(ID_PAYMENT, payment->payment_id)), NULL, arena,
          ret_request);
}

static void build_close(const struct channel_account *account, const struct payment_row *payment, struct arena *arena,
                        struct http_request *ret_request)
{
    build(account, "POST",
          arena_printf(arena, "/v1/payments/by-merchant-id/%s/close", id_show(ID_PAYMENT, payment->payment_id)), "{}",
          arena, ret_request);
}

static void build_refund(const struct channel_account *account, const struct refund_row *refund, struct arena *arena,
                         struct http_request *ret_request)
{
    json_t *json = json_pack("{s:s, s:s, s:I, s:s}", "merchant_refund_id", id_show(ID_REFUND, refund->refund_id),
                             "merchant_payment_id", id_show(ID_PAYMENT, refund->payment_id), "amount_minor",
                             (json_int_t)refund->amount_minor, "currency", refund->currency);

    build(account, "POST", "/v1/refunds", body_of(json, arena), arena, ret_request);
}

static void build_query_refund(const struct channel_account *account, const struct refund_row *refund,
                               struct arena *arena, struct http_request *ret_request)
{
    build(account, "GET", arena_printf(arena, "/v1/refunds/by-merchant-id/%s", id_show(ID_REFUND, refund->refund_id)),
          NULL, arena, ret_request);
}

static void build_payout(const struct channel_account *account, const struct channel_payout *payout,
                         struct arena *arena, struct http_request *ret_request)
{
    json_t *json;

    PRE(payout->account != NULL);
    json =
        json_pack("{s:s, s:I, s:s, s:s}", "merchant_payout_id", id_show(ID_PAYOUT, payout->payout_id), "amount_minor",
                  (json_int_t)payout->amount_minor, "currency", payout->currency, "account", payout->account);
    build(account, "POST", "/v1/payouts", body_of(json, arena), arena, ret_request);
}

static void build_query_payout(const struct channel_account *account, const struct channel_payout *payout,
                               struct arena *arena, struct http_request *ret_request)
{
    build(account, "GET", arena_printf(arena, "/v1/payouts/%s", id_show(ID_PAYOUT, payout->payout_id)), NULL, arena,
          ret_request);
}

/* Whether the channel signed `time \n nonce \n body`. */
static bool is_signed(const struct channel_account *account, const char *time, const char *nonce, const char *signature,
                      const void *body, size_t body_size, struct arena *arena)
{
    size_t signature_size = 0;
    const uint8_t *bytes;
    char *covered;
    size_t head;

    if (time == NULL || nonce == NULL || signature == NULL)
        return false;
    bytes = text_unbase64(signature, &signature_size, arena);
    if (bytes == NULL || signature_size != ED25519_SIGNATURE_SIZE)
        return false;
    head = strlen(time) + strlen(nonce) + 2;
    covered = arena_alloc(arena, head + body_size + 1);
    memcpy(covered, arena_printf(arena, "%s\n%s\n", time, nonce), head);
    if (body_size > 0)
        memcpy(covered + head, body, body_size);
    return ed25519_verify(account->secret->channel_key, covered, head + body_size, bytes);
}

static bool is_recent(const char *time, int64_t now_ms)
{
    char *end = NULL;
    const long long seconds = strtoll(time, &end, 10);
    const int64_t now_s = now_ms / 1000;

    return *end == '\0' && seconds > now_s - CLOCK_SKEW_S_MAX && seconds < now_s + CLOCK_SKEW_S_MAX;
}

const char *channel_sandbox_text(const json_t *json, const char *name, struct arena *arena)
{
    const char *text = json_string_value(json_object_get(json, name));

    return text != NULL ? arena_strdup(arena, text) : NULL;
}

bool channel_sandbox_fee(const json_t *json, int64_t amount_minor, int64_t *ret_fee_minor)
{
    const json_t *fee = json_object_get(json, "fee_minor");

    if (fee != NULL && (!json_is_integer(fee) || json_integer_value(fee) < 0 || json_integer_value(fee) > amount_minor))
        return false;
    *ret_fee_minor = json_integer_value(fee);
    return true;
}

/* What the channel calls an object of ours, and what its states mean. */
struct object_form {
    enum id_kind kind;
    const char *our_id;
    const char *their_id;
    struct {
        const char *state;
        enum channel_word word;
    } words[4];
};
static const struct object_form payment_form = {
    .kind = ID_PAYMENT,
    .our_id = "merchant_payment_id",
    .their_id = "channel_payment_id",
    .words = {{"PENDING", CHANNEL_WAITS},
              {"SUCCEEDED", CHANNEL_HAS_MONEY},
              {"FAILED", CHANNEL_FAILED},
              {"CLOSED", CHANNEL_CLOSED}},
};
static const struct object_form refund_form = {
    .kind = ID_REFUND,
    .our_id = "merchant_refund_id",
    .their_id = "channel_refund_id",
    .words = {{"PENDING", CHANNEL_WAITS}, {"SUCCEEDED", CHANNEL_GAVE_BACK}, {"FAILED", CHANNEL_FAILED}},
};
static const struct object_form payout_form = {
    .kind = ID_PAYOUT,
    .our_id = "merchant_payout_id",
    .their_id = "channel_payout_id",
    .words = {{"PENDING", CHANNEL_WAITS},
              {"PAID", CHANNEL_PAID_OUT},
              {"FAILED", CHANNEL_FAILED},
              {"RETURNED", CHANNEL_RETURNED}},
};

static const struct channel_verdict unclear = {.word = CHANNEL_UNCLEAR, .action_url = "", .failure = ""};

static enum channel_word word_of(const char *state, const struct object_form *form)
{
    for (size_t i = 0; i < COUNT_OF(form->words) && form->words[i].state != NULL; i++)
        if (strcmp(form->words[i].state, state) == 0)
            return form->words[i].word;
    return CHANNEL_UNCLEAR;
}

/* What is said of every object; `ret_id` is ours. One that cannot be read is unclear, and 0. */
static struct channel_verdict object_verdict(const json_t *json, const struct object_form *form, struct arena *arena,
                                             int64_t *ret_id)
{
    struct channel_verdict verdict = unclear;
    const char *state = json_string_value(json_object_get(json, "state"));
    const char *ours = json_string_value(json_object_get(json, form->our_id));
    const char *currency = json_string_value(json_object_get(json, "currency"));
    const char *failure = channel_sandbox_text(json, "failure", arena);

    *ret_id = 0;
    if (state == NULL || currency == NULL || !currency_known(currency) || ours == NULL ||
        id_parse(form->kind, ours, ret_id) != 0)
        return verdict;
    verdict.word = word_of(state, form);
    verdict.amount = money_of(json_integer_value(json_object_get(json, "amount_minor")), currency);
    verdict.ref = channel_sandbox_text(json, form->their_id, arena);
    verdict.transaction = channel_sandbox_text(json, "channel_transaction_id", arena);
    verdict.failure = failure != NULL ? failure : "";
    return verdict;
}

static struct channel_verdict payment_verdict(const json_t *json, struct arena *arena)
{
    int64_t payment_id;
    struct channel_verdict verdict = object_verdict(json, &payment_form, arena, &payment_id);
    const char *url = channel_sandbox_text(json, "pay_url", arena);

    if (!channel_sandbox_fee(json, verdict.amount.amount_minor, &verdict.fee_minor))
        return unclear;
    verdict.payment_id = payment_id;
    verdict.action_url = url != NULL && verdict.word == CHANNEL_WAITS ? url : "";
    return verdict;
}

static struct channel_verdict refund_verdict(const json_t *json, struct arena *arena)
{
    int64_t refund_id;
    struct channel_verdict verdict = object_verdict(json, &refund_form, arena, &refund_id);

    verdict.refund_id = refund_id;
    return verdict;
}

static struct channel_verdict payout_verdict(const json_t *json, struct arena *arena)
{
    int64_t payout_id;
    struct channel_verdict verdict = object_verdict(json, &payout_form, arena, &payout_id);

    verdict.payout_id = payout_id;
    return verdict;
}

typedef struct channel_verdict read_object(const json_t *json, struct arena *arena);

static struct channel_verdict read_with(const struct channel_account *account, const struct http_reply *reply,
                                        read_object *read, struct arena *arena)
{
    struct channel_verdict verdict = unclear;
    json_t *json;

    if (reply->outcome != HTTP_ANSWERED) {
        verdict.word = reply->outcome == HTTP_NOT_SENT ? CHANNEL_NOT_ASKED : CHANNEL_UNCLEAR;
        return verdict;
    }
    if (!is_signed(account, http_header_value(reply, "sandbox-timestamp"), http_header_value(reply, "sandbox-nonce"),
                   http_header_value(reply, "sandbox-signature"), reply->body, reply->body_size, arena))
        return verdict;
    json = json_loadb(reply->body, reply->body_size, 0, NULL);
    if (reply->status == 200) {
        verdict = read(json, arena);
    } else if (reply->status == 404) {
        verdict.word = CHANNEL_MISSING;
    } else if (reply->status >= 400 && reply->status < 500) {
        const char *reason = channel_sandbox_text(json, "error", arena);

        verdict.word = CHANNEL_REFUSED;
        verdict.failure = reason != NULL ? reason : "REFUSED";
    }
    json_decref(json);
    return verdict;
}

static struct channel_verdict read_reply(const struct channel_account *account, const struct http_reply *reply,
                                         struct arena *arena)
{
    return read_with(account, reply, payment_verdict, arena);
}

static struct channel_verdict read_refund(const struct channel_account *account, const struct http_reply *reply,
                                          struct arena *arena)
{
    return read_with(account, reply, refund_verdict, arena);
}

static struct channel_verdict read_payout(const struct channel_account *account, const struct http_reply *reply,
                                          struct arena *arena)
{
    return read_with(account, reply, payout_verdict, arena);
}

static const char *header(const struct http_header *headers, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcasecmp(headers[i].name, name) == 0)
            return headers[i].value;
    return NULL;
}

static bool read_notification(const struct channel_account *account, const struct http_header *headers,
                              size_t n_headers, const void *body, size_t body_size, int64_t now_ms, struct arena *arena,
                              struct channel_notification *ret_notification)
{
    const char *time = header(headers, n_headers, "Sandbox-Timestamp");
    const char *merchant;
    json_t *json;
    bool is_good;

    if (!is_signed(account, time, header(headers, n_headers, "Sandbox-Nonce"),
                   header(headers, n_headers, "Sandbox-Signature"), body, body_size, arena) ||
        !is_recent(time, now_ms))
        return false;
    json = json_loadb(body, body_size, JSON_REJECT_DUPLICATES, NULL);
    ret_notification->verdict = payment_verdict(json, arena);
    ret_notification->event_id = channel_sandbox_text(json, "event_id", arena);
    merchant = json_string_value(json_object_get(json, "merchant"));
    is_good = ret_notification->verdict.word != CHANNEL_UNCLEAR && ret_notification->event_id != NULL &&
              strlen(ret_notification->event_id) <= 64 && merchant != NULL &&
              strcmp(merchant, account->row->merchant) == 0;
    json_decref(json);
    return is_good;
}

const struct channel channel_sandbox = {
    .name = "sandbox",
    .build_create = build_create,
    .build_query = build_query,
    .build_close = build_close,
    .build_refund = build_refund,
    .build_query_refund = build_query_refund,
    .build_payout = build_payout,
    .build_query_payout = build_query_payout,
    .read_reply = read_reply,
    .read_refund = read_refund,
    .read_payout = read_payout,
    .read_notification = read_notification,
    .read_statement = channel_sandbox_read_statement,
};
