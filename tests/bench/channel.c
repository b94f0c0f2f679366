/* What the channel says; see channel.h. */
#include "bench/channel.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/ed25519.h"
#include "base/id.h"
#include "base/text.h"
#include "bench/channel_http.h"
#include "bench/shop.h"
#include "bmt/payment/v1/payment.pb-c.h"

enum {
    SLOTS = 1 << 23, /* a power of two above twice CHANNEL_PAYMENTS_MAX */
    ANSWER_MAX = 2048,
    SIGNATURE_TEXT_SIZE = (ED25519_SIGNATURE_SIZE + 2) / 3 * 4 + 1,
};

/* A payment by its id; 0: a free slot. Lies in memory only where it was touched. */
struct slot {
    int64_t payment_id;
    int64_t amount_minor;
    bool is_paid;
};

static struct {
    struct ed25519_key *key;
    char secret[128];
    int port;
    pthread_mutex_t lock;
    struct slot *slots;
    size_t n;
} channel = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct slot *slot_of(int64_t payment_id)
{
    size_t at = (size_t)((uint64_t)payment_id * UINT64_C(0x9e3779b97f4a7c15) >> 40) & (SLOTS - 1);

    while (channel.slots[at].payment_id != 0 && channel.slots[at].payment_id != payment_id)
        at = (at + 1) & (SLOTS - 1);
    return &channel.slots[at];
}

/* A copy of the payment; one that is new has the amount. False: there is none. */
static bool payment_of(int64_t payment_id, int64_t amount_minor, struct slot *ret)
{
    struct slot *slot;

    pthread_mutex_lock(&channel.lock);
    slot = slot_of(payment_id);
    if (slot->payment_id == 0 && amount_minor > 0) {
        if (channel.n++ == CHANNEL_PAYMENTS_MAX)
            give_up("the channel has no room for more payments", NULL);
        *slot = (struct slot){.payment_id = payment_id, .amount_minor = amount_minor};
    }
    *ret = *slot;
    pthread_mutex_unlock(&channel.lock);
    return ret->payment_id != 0;
}

void channel_pay(int64_t payment_id)
{
    struct slot *slot;

    pthread_mutex_lock(&channel.lock);
    slot = slot_of(payment_id);
    if (slot->payment_id == 0)
        give_up("the channel was never asked for the payment", NULL);
    slot->is_paid = true;
    pthread_mutex_unlock(&channel.lock);
}

/* Standard base64 with padding. */
static void base64(const uint8_t *bytes, size_t size, char *text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t n = 0;

    for (size_t i = 0; i < size; i += 3) {
        const uint32_t three = (uint32_t)bytes[i] << 16 | (i + 1 < size ? (uint32_t)bytes[i + 1] << 8 : 0) |
                               (i + 2 < size ? bytes[i + 2] : 0);

        text[n++] = digits[three >> 18];
        text[n++] = digits[three >> 12 & 63];
        text[n++] = i + 1 < size ? digits[three >> 6 & 63] : '=';
        text[n++] = i + 2 < size ? digits[three & 63] : '=';
    }
    text[n] = '\0';
}

/* What proves a body to be the channel's. */
struct proof {
    char timestamp[24];
    char nonce[25];
    char signature[SIGNATURE_TEXT_SIZE];
};

static void prove(const char *body, struct proof *ret)
{
    uint8_t nonce[12];
    uint8_t signature[ED25519_SIGNATURE_SIZE];
    char covered[ANSWER_MAX + 64];
    int size;

    crypto_random(nonce, sizeof nonce);
    text_hex(nonce, sizeof nonce, ret->nonce);
    snprintf(ret->timestamp, sizeof ret->timestamp, "%lld", (long long)(clock_wall_ms() / 1000));
    size = snprintf(covered, sizeof covered, "%s\n%s\n%s", ret->timestamp, ret->nonce, body);
    ed25519_sign(channel.key, covered, (size_t)size, signature);
    base64(signature, sizeof signature, ret->signature);
}

/* The payment in the channel's words, without the brackets. */
static void show(const struct slot *payment, char *text, size_t size)
{
    char id[ID_TEXT_SIZE];
    char more[128] = "";

    id_text(ID_PAYMENT, payment->payment_id, id);
    if (payment->is_paid)
        snprintf(more, sizeof more, ",\"channel_transaction_id\":\"ct_%llx\",\"fee_minor\":%d",
                 (unsigned long long)payment->payment_id, CHANNEL_FEE_MINOR);
    snprintf(text, size,
             "\"channel_payment_id\":\"cp_%llx\",\"merchant_payment_id\":\"%s\",\"state\":\"%s\","
             "\"amount_minor\":%lld,\"currency\":\"EUR\",\"pay_url\":\"http://127.0.0.1:%d/pay/cp_%llx\"%s",
             (unsigned long long)payment->payment_id, id, payment->is_paid ? "SUCCEEDED" : "PENDING",
             (long long)payment->amount_minor, channel.port, (unsigned long long)payment->payment_id, more);
}

size_t channel_notify(int64_t payment_id, const char *channel_account_id, const char *merchant, uint8_t *bytes)
{
    Bmt__Payment__V1__HandleNotificationRequest request = BMT__PAYMENT__V1__HANDLE_NOTIFICATION_REQUEST__INIT;
    Bmt__Payment__V1__NotificationHeader headers[3];
    Bmt__Payment__V1__NotificationHeader *list[3] = {&headers[0], &headers[1], &headers[2]};
    char shown[ANSWER_MAX / 2];
    char body[ANSWER_MAX];
    struct slot payment;
    struct proof proof;

    if (!payment_of(payment_id, 0, &payment) || !payment.is_paid)
        give_up("a payment that nobody paid is not notified", NULL);
    show(&payment, shown, sizeof shown);
    snprintf(body, sizeof body, "{\"event_id\":\"ce_%llx\",\"event\":\"payment.succeeded\",\"merchant\":\"%s\",%s}",
             (unsigned long long)payment_id, merchant, shown);
    prove(body, &proof);
    for (size_t i = 0; i < 3; i++)
        bmt__payment__v1__notification_header__init(&headers[i]);
    headers[0].name = (char *)(uintptr_t) "sandbox-timestamp";
    headers[0].value = proof.timestamp;
    headers[1].name = (char *)(uintptr_t) "sandbox-nonce";
    headers[1].value = proof.nonce;
    headers[2].name = (char *)(uintptr_t) "sandbox-signature";
    headers[2].value = proof.signature;
    request.channel_account_id = (char *)(uintptr_t)channel_account_id;
    request.headers = list;
    request.n_headers = 3;
    request.body.data = (uint8_t *)body;
    request.body.len = strlen(body);
    if (bmt__payment__v1__handle_notification_request__get_packed_size(&request) > CHANNEL_NOTIFICATION_MAX)
        give_up("a notification is too large", NULL);
    return bmt__payment__v1__handle_notification_request__pack(&request, bytes);
}

/* Whether the merchant made the request. */
static bool is_merchant(const char *method, const char *path, const char *head, const char *body)
{
    char timestamp[32];
    char nonce[64];
    char given[2 * SHA256_SIZE + 1];
    char covered[CHANNEL_REQUEST_MAX + 64];
    uint8_t wanted[SHA256_SIZE];
    uint8_t mac[SHA256_SIZE];
    int size;

    size = snprintf(covered, sizeof covered, "%s\n%s\n%s\n%s\n%s", method, path,
                    channel_header(head, "sandbox-timestamp", timestamp, sizeof timestamp),
                    channel_header(head, "sandbox-nonce", nonce, sizeof nonce), body);
    crypto_hmac_sha256(channel.secret, strlen(channel.secret), covered, (size_t)size, wanted);
    channel_header(head, "sandbox-signature", given, sizeof given);
    return strlen(given) == 2 * SHA256_SIZE && text_unhex(given, mac, sizeof mac) &&
           crypto_equal(mac, wanted, sizeof mac);
}

/* The number or text behind `"name":` in JSON without spaces. */
static const char *value_in(const char *body, const char *name)
{
    const char *at = strstr(body, name);

    return at != NULL ? at + strlen(name) : "";
}

static int64_t id_in(const char *text)
{
    char id[ID_TEXT_SIZE];
    int64_t payment_id = 0;

    snprintf(id, sizeof id, "%.*s", (int)strcspn(text, "\"/ "), text);
    return id_parse(ID_PAYMENT, id, &payment_id) == 0 ? payment_id : 0;
}

/* What the channel says; returns the status. */
static int say(const char *method, const char *path, const char *head, const char *body, char *said, size_t size)
{
    static const char by_id[] = "/v1/payments/by-merchant-id/";
    char shown[ANSWER_MAX / 2];
    struct slot payment = {0};
    int64_t payment_id = 0;
    int64_t amount_minor = 0;

    snprintf(said, size, "{\"error\":\"BAD_SIGNATURE\"}");
    if (!is_merchant(method, path, head, body))
        return 401;
    snprintf(said, size, "{\"error\":\"NOT_FOUND\"}");
    if (strcmp(method, "POST") == 0 && strcmp(path, "/v1/payments") == 0) {
        payment_id = id_in(value_in(body, "\"merchant_payment_id\":\""));
        amount_minor = strtoll(value_in(body, "\"amount_minor\":"), NULL, 10);
    } else if (strcmp(method, "GET") == 0 && strncmp(path, by_id, sizeof by_id - 1) == 0) {
        payment_id = id_in(path + sizeof by_id - 1);
    }
    if (payment_id == 0 || !payment_of(payment_id, amount_minor, &payment))
        return 404;
    show(&payment, shown, sizeof shown);
    snprintf(said, size, "{%s}", shown);
    return 200;
}

int channel_answer(const char *head, const char *body, char *text, size_t size)
{
    char method[8];
    char path[256];
    char said[ANSWER_MAX];
    struct proof proof;
    int status;

    if (sscanf(head, "%7s %255s", method, path) != 2)
        return -1;
    status = say(method, path, head, body, said, sizeof said);
    prove(said, &proof);
    return snprintf(text, size,
                    "HTTP/1.1 %d x\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
                    "Sandbox-Timestamp: %s\r\nSandbox-Nonce: %s\r\nSandbox-Signature: %s\r\n\r\n%s",
                    status, strlen(said), proof.timestamp, proof.nonce, proof.signature, said);
}

static void read_keys(const char *folder)
{
    char path[512];
    FILE *file;

    snprintf(path, sizeof path, "%s/channel.key.pem", folder);
    if (ed25519_read_private_key(path, &channel.key, stderr) != 0)
        give_up("the channel's key cannot be read", NULL);
    snprintf(path, sizeof path, "%s/merchant.secret", folder);
    file = fopen(path, "re");
    if (file == NULL || fscanf(file, "%127s", channel.secret) != 1)
        give_up("the merchant's secret cannot be read", NULL);
    fclose(file);
}

int channel_start(const char *keys_folder)
{
    if (channel.port != 0)
        return channel.port;
    read_keys(keys_folder);
    channel.slots = calloc(SLOTS, sizeof *channel.slots);
    if (channel.slots == NULL)
        give_up("out of memory", NULL);
    channel.port = channel_http_start();
    return channel.port;
}
