/* See life.h. All answers come on the client's one poller thread, which also begins the next step of their life. */
#include "bench/life.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/id.h"
#include "bench/channel.h"
#include "bench/samples.h"
#include "bench/shop.h"
#include "bmt/order/v1/order.pb-c.h"
#include "bmt/payment/v1/payment.pb-c.h"
#include "bmt/settlement/v1/settlement.pb-c.h"

#define ORDER      &bmt__order__v1__order_service__descriptor
#define PAYMENT    &bmt__payment__v1__payment_hub_service__descriptor
#define SETTLEMENT &bmt__settlement__v1__settlement_service__descriptor
#define MERCHANT   "bench"

enum step { LIFE_CREATE, LIFE_PAY, LIFE_NOTIFY, LIFE_CONFIRM };

static struct {
    struct bmt_client *client;
    int64_t orders; /* that may still begin */
    _Atomic bool is_over;
    _Atomic int under_way;
    _Atomic uint64_t ended;
    struct samples samples;
    struct load_result *result;
} run;

struct life {
    enum step step;
    int64_t begin_ns;
    char order_id[ID_TEXT_SIZE];
    int64_t payment_id;
};

static struct life lives[LIFE_CALLERS_MAX];
static char account_id[ID_TEXT_SIZE];

static void begin(struct life *life);

static void *must_call(struct bmt_client *client, const ProtobufCServiceDescriptor *service, const char *method,
                       const ProtobufCMessage *request)
{
    ProtobufCMessage *reply = NULL;
    struct bmt_error error;

    if (bmt_call(client, service, method, request, &reply, &error) != 0)
        give_up(method, &error);
    return reply;
}

static const char *must_env(const char *name)
{
    const char *value = getenv(name);

    if (value == NULL)
        give_up(name, NULL);
    return value;
}

static void make_account(const char *code)
{
    Bmt__Payment__V1__CreateChannelAccountRequest create = BMT__PAYMENT__V1__CREATE_CHANNEL_ACCOUNT_REQUEST__INIT;
    Bmt__Payment__V1__CreateChannelAccountResponse *made;
    struct bmt_client *staff;
    struct bmt_error error;
    char url[64];

    staff = bmt_client_new(&(struct bmt_client_options){.address = must_env("BMT_ADDRESS"),
                                                        .api_key = must_env("BMT_ADMIN_KEY"),
                                                        .business = must_env("BMT_BUSINESS")},
                           &error);
    if (staff == NULL)
        give_up("client", &error);
    snprintf(url, sizeof url, "http://127.0.0.1:%d", channel_start(must_env("BMT_CHANNEL_KEYS")));
    create.request_id = create.code = create.title = (char *)(uintptr_t)code;
    create.channel = (char *)(uintptr_t) "sandbox";
    create.merchant = (char *)(uintptr_t)MERCHANT;
    create.secret_name = (char *)(uintptr_t) "sandbox-main";
    create.base_url = create.notify_url = url;
    made = must_call(staff, PAYMENT, "CreateChannelAccount", &create.base);
    snprintf(account_id, sizeof account_id, "%s", made->channel_account->channel_account_id);
    protobuf_c_message_free_unpacked(&made->base, NULL);
    bmt_client_free(staff);
}

/* Three tenths for a partner, as in docs/settlement.md. */
static void make_rule(struct bmt_client *client, const char *code)
{
    Bmt__Settlement__V1__CreatePartnerRequest create = BMT__SETTLEMENT__V1__CREATE_PARTNER_REQUEST__INIT;
    Bmt__Settlement__V1__CreateSplitRuleRequest rule = BMT__SETTLEMENT__V1__CREATE_SPLIT_RULE_REQUEST__INIT;
    Bmt__Settlement__V1__SplitPart part = BMT__SETTLEMENT__V1__SPLIT_PART__INIT;
    Bmt__Settlement__V1__SplitPart *parts[1] = {&part};
    Bmt__Settlement__V1__CreatePartnerResponse *made;

    create.request_id = create.code = create.title = (char *)(uintptr_t)code;
    create.currency = (char *)(uintptr_t) "EUR";
    create.schedule = BMT__SETTLEMENT__V1__STATEMENT_SCHEDULE__STATEMENT_SCHEDULE_MONTHLY;
    made = must_call(client, SETTLEMENT, "CreatePartner", &create.base);
    part.level = 1;
    part.partner_id = made->partner->partner_id;
    part.kind = BMT__SETTLEMENT__V1__SPLIT_KIND__SPLIT_KIND_BASIS_POINTS;
    part.value = 3000;
    rule.request_id = (char *)(uintptr_t)code;
    rule.scope = BMT__SETTLEMENT__V1__SPLIT_SCOPE__SPLIT_SCOPE_SPU;
    rule.spu_id = (char *)(uintptr_t)shop_spu_id();
    rule.parts = parts;
    rule.n_parts = 1;
    protobuf_c_message_free_unpacked(must_call(client, SETTLEMENT, "CreateSplitRule", &rule.base), NULL);
    protobuf_c_message_free_unpacked(&made->base, NULL);
}

void life_set_up(struct bmt_client *client)
{
    char request_id[BMT_REQUEST_ID_SIZE];
    char code[32];

    if (account_id[0] != '\0')
        return;
    snprintf(code, sizeof code, "bench-%s", bmt_request_id(request_id));
    for (char *at = code; *at != '\0'; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at - 'A' + 'a');
    make_account(code);
    make_rule(client, code);
}

/* The first failure is kept, and ends the run. */
static void fail(struct life *life, const char *reason, const char *message)
{
    static const char *const steps[] = {"CreateOrder", "PayOrder", "HandleNotification", "ConfirmOrder"};

    if (run.result->errors++ == 0)
        snprintf(run.result->first_error, sizeof run.result->first_error, "%s: %s: %s", steps[life->step], reason,
                 message);
    atomic_store(&run.is_over, true);
    atomic_fetch_sub(&run.under_way, 1);
}

/* What the answer must say; the next step needs its ids. 0, or -1 when it says something else. */
static int read_answer(struct life *life, const void *reply, size_t size)
{
    int rc = -1;

    if (life->step == LIFE_CREATE) {
        Bmt__Order__V1__CreateOrderResponse *made = bmt__order__v1__create_order_response__unpack(NULL, size, reply);

        if (made != NULL && made->order != NULL)
            rc = snprintf(life->order_id, sizeof life->order_id, "%s", made->order->order_id) > 0 ? 0 : -1;
        bmt__order__v1__create_order_response__free_unpacked(made, NULL);
    } else if (life->step == LIFE_PAY) {
        Bmt__Order__V1__PayOrderResponse *made = bmt__order__v1__pay_order_response__unpack(NULL, size, reply);

        if (made != NULL && made->payment != NULL &&
            made->payment->state == BMT__PAYMENT__V1__PAYMENT_STATE__PAYMENT_STATE_PENDING)
            rc = id_parse(ID_PAYMENT, made->payment->payment_id, &life->payment_id);
        bmt__order__v1__pay_order_response__free_unpacked(made, NULL);
    } else if (life->step == LIFE_NOTIFY) {
        Bmt__Payment__V1__HandleNotificationResponse *made =
            bmt__payment__v1__handle_notification_response__unpack(NULL, size, reply);

        rc = made != NULL && strcmp(made->body, "{\"accepted\":true}") == 0 ? 0 : -1;
        bmt__payment__v1__handle_notification_response__free_unpacked(made, NULL);
    } else {
        Bmt__Order__V1__ConfirmOrderResponse *made = bmt__order__v1__confirm_order_response__unpack(NULL, size, reply);

        if (made != NULL && made->order != NULL &&
            made->order->state == BMT__ORDER__V1__ORDER_STATE__ORDER_STATE_COMPLETED)
            rc = 0;
        bmt__order__v1__confirm_order_response__free_unpacked(made, NULL);
    }
    return rc;
}

static size_t fill_pay(const struct life *life, uint8_t *bytes)
{
    Bmt__Order__V1__PayOrderRequest request = BMT__ORDER__V1__PAY_ORDER_REQUEST__INIT;

    request.request_id = request.order_id = (char *)(uintptr_t)life->order_id;
    request.channel_account_id = account_id;
    return bmt__order__v1__pay_order_request__pack(&request, bytes);
}

static size_t fill_confirm(const struct life *life, uint8_t *bytes)
{
    Bmt__Order__V1__ConfirmOrderRequest request = BMT__ORDER__V1__CONFIRM_ORDER_REQUEST__INIT;

    request.request_id = request.order_id = (char *)(uintptr_t)life->order_id;
    return bmt__order__v1__confirm_order_request__pack(&request, bytes);
}

static void on_answer(void *context, const void *reply, size_t size, const struct bmt_error *error);

static void go_on(struct life *life)
{
    static const struct {
        const ProtobufCServiceDescriptor *service;
        const char *method;
    } calls[] = {{ORDER, "CreateOrder"}, {ORDER, "PayOrder"}, {PAYMENT, "HandleNotification"}, {ORDER, "ConfirmOrder"}};
    uint8_t bytes[LOAD_BYTES_MAX];
    size_t size;

    if (life->step == LIFE_CREATE) {
        size = load_create_order.fill(load_next_call(), bytes);
    } else if (life->step == LIFE_PAY) {
        size = fill_pay(life, bytes);
    } else if (life->step == LIFE_NOTIFY) {
        channel_pay(life->payment_id);
        size = channel_notify(life->payment_id, account_id, MERCHANT, bytes);
    } else {
        size = fill_confirm(life, bytes);
    }
    bmt_call_start(run.client, calls[life->step].service, calls[life->step].method, bytes, size, on_answer, life);
}

static void on_answer(void *context, const void *reply, size_t size, const struct bmt_error *error)
{
    struct life *life = context;

    if (error != NULL) {
        fail(life, error->reason, error->message);
    } else if (read_answer(life, reply, size) != 0) {
        fail(life, "an answer", "is not what it must be");
    } else if (life->step != LIFE_CONFIRM) {
        life->step++;
        go_on(life);
    } else {
        samples_add(&run.samples, clock_steady_ns() - life->begin_ns);
        atomic_fetch_add(&run.ended, 1);
        begin(life);
    }
}

/* On the poller's thread, but for the first of each caller. */
static void begin(struct life *life)
{
    if (atomic_load(&run.is_over) || run.orders == 0) {
        atomic_fetch_sub(&run.under_way, 1);
        return;
    }
    run.orders--;
    life->step = LIFE_CREATE;
    life->begin_ns = clock_steady_ns();
    go_on(life);
}

/* Until all lives have ended; a line every few seconds shows that they go on. */
static void wait_for_end(int64_t begin_ns, double seconds)
{
    enum { TELL_EVERY = 500 };
    const struct timespec pause = {.tv_nsec = 10000000};

    for (int i = 1; atomic_load(&run.under_way) > 0; i++) {
        nanosleep(&pause, NULL);
        if (seconds > 0 && (double)(clock_steady_ns() - begin_ns) / 1e9 >= seconds)
            atomic_store(&run.is_over, true);
        if (i % TELL_EVERY == 0)
            fprintf(stderr, "    %llu orders have completed\n", (unsigned long long)atomic_load(&run.ended));
    }
}

void life_run(struct bmt_client *client, int callers, int64_t orders, double seconds, struct load_result *ret_result)
{
    const int64_t begin_ns = clock_steady_ns();

    *ret_result = (struct load_result){0};
    if (callers > LIFE_CALLERS_MAX)
        callers = LIFE_CALLERS_MAX;
    if (orders > 0 && orders < callers)
        callers = (int)orders;
    run.client = client;
    run.orders = orders > 0 ? orders : INT64_MAX;
    run.result = ret_result;
    atomic_store(&run.is_over, false);
    atomic_store(&run.ended, 0);
    atomic_store(&run.under_way, callers);
    run.orders -= callers; /* before the first answer: begin() counts on the poller's thread */
    for (int i = 0; i < callers; i++) {
        lives[i] = (struct life){.step = LIFE_CREATE, .begin_ns = clock_steady_ns()};
        go_on(&lives[i]);
    }
    wait_for_end(begin_ns, seconds);
    ret_result->calls = run.samples.n;
    ret_result->calls_per_s = (double)run.samples.n / ((double)(clock_steady_ns() - begin_ns) / 1e9);
    ret_result->p50_ms = samples_percentile_ms(&run.samples, 50);
    ret_result->p90_ms = samples_percentile_ms(&run.samples, 90);
    ret_result->p99_ms = samples_percentile_ms(&run.samples, 99);
    ret_result->p999_ms = samples_percentile_ms(&run.samples, 99.9);
    ret_result->max_ms = samples_percentile_ms(&run.samples, 100);
    samples_free(&run.samples);
}
