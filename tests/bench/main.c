/*
 * bmt-bench: measures a running server beside baselines in the same run. Called by ./bmt bench, which starts the
 * server; address, key, business and the database's socket come from BMT_ADDRESS, BMT_API_KEY, BMT_BUSINESS and
 * BMT_DB_SOCKET, the processes to watch from BMT_PROCESSES, the peer of grpcpp-echo from BMT_GRPCPP_ECHO, the gateway's
 * program from BMT_GATEWAY_PROGRAM; for payments also the operators' key and the folder of the channel's keys, from
 * BMT_ADMIN_KEY and BMT_CHANNEL_KEYS.
 *
 *   bmt-bench [--json] [--seconds S] [--orders N] [--skus N] [--growth N] [--one-server CALLERS:ORDERS_PER_S,...]
 * [NAME...] bmt-bench --list
 *
 * With two-phase commit the tables of an order are on three servers, so the baseline is what the same server did with
 * all of them on one, told by --one-server.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/id.h"
#include "bench/baseline.h"
#include "bench/bench.h"
#include "bench/report.h"
#include "bench/shop.h"

static struct bmt_client *client;
static bool is_json;
static double seconds = 5;
static int64_t orders = 100000;
static int64_t skus = 100000;
static int64_t growth = 3000000;
static const char *one_server; /* NULL: this is it */

/* What was measured so far, for the ratios of what follows. 0: not yet. */
static struct {
    double one_tx;
    double procedure;
    double bare_batch;
    double packet_p50_ms;
    double create_256;
    double create_1_p50_ms;
    double echo;
    double grpcpp_echo;
} measured;

static struct baseline_place place(void)
{
    struct baseline_place place = {
        .db_socket = getenv("BMT_DB_SOCKET"), .sku_ids = shop_sku_ids(), .n_skus = SHOP_SKUS};
    const char *business = getenv("BMT_BUSINESS");

    if (business == NULL || place.db_socket == NULL || id_parse(ID_BUSINESS, business, &place.biz_id) != 0)
        give_up("BMT_BUSINESS and BMT_DB_SOCKET must be set", NULL);
    return place;
}

static struct baseline_result run_baseline(const struct baseline *baseline)
{
    const struct baseline_place where = place();
    struct baseline_result result = {0};

    if (baseline_run(baseline, &where, seconds, &result) != 0)
        give_up("a baseline failed", NULL);
    report(&(struct figure){.name = baseline->name,
                            .param = "connections",
                            .param_value = result.connections,
                            .value = result.orders_per_s,
                            .unit = "1/s",
                            .p50_ms = result.p50_ms,
                            .p99_ms = result.p99_ms},
           is_json);
    return result;
}

static void need_one_tx(void)
{
    if (measured.one_tx <= 0 && one_server == NULL)
        measured.one_tx = run_baseline(&baseline_one_tx).orders_per_s;
}

static void refuse_errors(const char *name, const struct load_result *result)
{
    if (result->errors == 0)
        return;
    fprintf(stderr, "bench: %s had errors: %s\n", name, result->first_error);
    exit(1);
}

/* A closed load; failed calls are no result: the run ends. `each` calls count as so many orders. */
static struct load_result measure(const char *name, const struct load *load, int callers, int each,
                                  const struct ratio *ratios)
{
    struct load_result result;
    struct usage before;
    struct usage after;
    struct figure figure = {.name = name,
                            .param = "callers",
                            .param_value = callers,
                            .unit = "1/s",
                            .load = &result,
                            .before = &before,
                            .after = &after};

    usage_read(&before);
    load_run(client, load, callers, seconds, &result);
    usage_read(&after);
    figure.value = result.calls_per_s * each;
    figure.p50_ms = result.p50_ms;
    figure.p99_ms = result.p99_ms;
    if (ratios != NULL)
        memcpy(figure.ratios, ratios, sizeof figure.ratios);
    report(&figure, is_json);
    refuse_errors(name, &result);
    return result;
}

/* `256:8169` in a list of such; 0 when it is not there. */
static double one_server_of(int callers)
{
    for (const char *at = one_server; at != NULL && *at != '\0'; at += strcspn(at, ","), at += *at == ',') {
        char *colon = NULL;

        if (strtol(at, &colon, 10) == callers && *colon == ':')
            return strtod(colon + 1, NULL);
    }
    return 0;
}

static void bench_create_order(void)
{
    static const int callers[] = {1, 8, 64, 256};

    need_one_tx();
    for (size_t i = 0; i < sizeof callers / sizeof callers[0]; i++) {
        const struct ratio ratios[REPORT_RATIOS_MAX] = {{"one-tx", measured.one_tx},
                                                        {"one-server", one_server_of(callers[i])},
                                                        {"procedure", measured.procedure},
                                                        {"bare-batch", measured.bare_batch}};
        const struct load_result result = measure("create-order", &load_create_order, callers[i], 1, ratios);

        if (callers[i] == 1)
            measured.create_1_p50_ms = result.p50_ms;
        if (callers[i] == 256)
            measured.create_256 = result.calls_per_s;
    }
}

static void need_create_order(void)
{
    if (measured.create_256 <= 0)
        measured.create_256 = measure("create-order", &load_create_order, 256, 1, NULL).calls_per_s;
}

static void beside_clean(const char *name, const struct load *load)
{
    need_create_order();
    measure(name, load, 256, 1, (struct ratio[REPORT_RATIOS_MAX]){{"create-order", measured.create_256}});
}

static void bench_dirty(void)
{
    beside_clean("create-order-dirty", &load_create_order_dirty);
}

static void bench_hot(void)
{
    beside_clean("create-order-hot", &load_create_order_hot);
}

static void bench_batch(void)
{
    need_one_tx();
    measure("batch-create-orders", &load_batch_create, 64, SHOP_ORDERS_A_BATCH,
            (struct ratio[REPORT_RATIOS_MAX]){{"one-tx", measured.one_tx}});
}

/* At a quarter, half and three quarters of what the server can do, by the clock. */
static void bench_open(void)
{
    need_create_order();
    for (int quarters = 1; quarters <= 3; quarters++) {
        const double rate = measured.create_256 * quarters / 4;
        struct load_result result;

        load_run_open(client, &load_create_order, rate, seconds, &result);
        report(&(struct figure){.name = "create-order-open",
                                .param = "per_s",
                                .param_value = rate,
                                .value = result.calls_per_s,
                                .unit = "1/s",
                                .p50_ms = result.p50_ms,
                                .p99_ms = result.p99_ms,
                                .load = &result},
               is_json);
        refuse_errors("create-order-open", &result);
    }
}

/* How soon a single order is durable, beside the same rows in one packet. */
static void bench_latency(void)
{
    if (measured.packet_p50_ms <= 0)
        measured.packet_p50_ms = run_baseline(&baseline_packet).p50_ms;
    if (measured.create_1_p50_ms <= 0)
        measured.create_1_p50_ms = measure("create-order", &load_create_order, 1, 1, NULL).p50_ms;
    report(&(struct figure){.name = "create-order-latency",
                            .param = "callers",
                            .param_value = 1,
                            .value = measured.create_1_p50_ms,
                            .unit = "ms",
                            .ratios = {{"packet", measured.packet_p50_ms}},
                            .p50_ms = measured.create_1_p50_ms},
           is_json);
}

static void bench_procedure(void)
{
    measured.procedure = run_baseline(&baseline_procedure).orders_per_s;
}

static void bench_bare_batch(void)
{
    measured.bare_batch = run_baseline(&baseline_bare_batch).orders_per_s;
}

/* The same callers against a peer of grpc++ that answers at once; only where it was built. */
static void bench_grpcpp_echo(void)
{
    const char *program = getenv("BMT_GRPCPP_ECHO");
    char address[64] = "";
    struct bmt_error error;
    int out[2];
    pid_t pid;
    FILE *from;

    if (program == NULL)
        give_up("BMT_GRPCPP_ECHO must name the peer", NULL);
    if (pipe(out) != 0 || (pid = fork()) < 0)
        give_up("could not start the peer", NULL);
    if (pid == 0) {
        dup2(out[1], STDOUT_FILENO);
        execl(program, program, (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    from = fdopen(out[0], "r");
    if (from == NULL || fscanf(from, "%63s", address) != 1)
        give_up("the peer did not tell its address", NULL);

    struct bmt_client *ours = client;

    client = bmt_client_new(&(struct bmt_client_options){.address = address, .connections = 2, .deadline_ms = 20000},
                            &error);
    if (client == NULL)
        give_up("client", &error);
    measured.grpcpp_echo = measure("grpcpp-echo", &load_echo, 256, 1, NULL).calls_per_s;
    bmt_client_free(client);
    client = ours;
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    fclose(from);
}

static void bench_echo(void)
{
    if (measured.grpcpp_echo <= 0 && getenv("BMT_GRPCPP_ECHO") != NULL)
        bench_grpcpp_echo();
    measured.echo =
        measure("echo", &load_echo, 256, 1, (struct ratio[REPORT_RATIOS_MAX]){{"grpcpp-echo", measured.grpcpp_echo}})
            .calls_per_s;
}

static void bench_get_order(void)
{
    struct load_result unused;

    if (shop_orders_made() == 0)
        load_run(client, &load_create_order, 64, 1, &unused);
    if (shop_orders_made() == 0)
        give_up("there is no order to read", NULL);
    if (measured.echo <= 0)
        bench_echo();
    measure("get-order", &load_get_order, 256, 1, (struct ratio[REPORT_RATIOS_MAX]){{"echo", measured.echo}});
}

static struct bench ours(void)
{
    return (struct bench){.client = client,
                          .is_json = is_json,
                          .seconds = seconds,
                          .orders = orders,
                          .skus = skus,
                          .growth = growth,
                          .half_load = measured.create_256 / 2};
}

static void watch(void)
{
    struct bench bench;

    need_create_order();
    bench = ours();
    bench_watch(&bench);
}

/* In the order of `all`; those that others are compared with come first. */
static const struct {
    const char *name;
    void (*run)(void);
    void (*run_with)(const struct bench *bench);
} benches[] = {
    {"procedure", bench_procedure, NULL},
    {"bare-batch", bench_bare_batch, NULL},
    {"create-order", bench_create_order, NULL},
    {"create-order-dirty", bench_dirty, NULL},
    {"create-order-hot", bench_hot, NULL},
    {"create-order-open", bench_open, NULL},
    {"watch", watch, NULL},
    {"batch-create-orders", bench_batch, NULL},
    {"create-order-latency", bench_latency, NULL},
    {"echo", bench_echo, NULL},
    {"get-order", bench_get_order, NULL},
    {"gateway", NULL, bench_gateway},
    {"catalogue", NULL, bench_catalogue},
    {"growth", NULL, bench_growth},
    {"clearing", NULL, bench_clearing},
    {"whole-life", NULL, bench_whole_life},
};

enum { N_BENCHES = sizeof benches / sizeof benches[0] };

static void run(const char *name)
{
    const struct bench bench = ours();
    bool is_known = false;

    for (int i = 0; i < N_BENCHES; i++)
        if (strcmp(name, "all") == 0 || strcmp(name, benches[i].name) == 0) {
            if (benches[i].run != NULL)
                benches[i].run();
            else
                benches[i].run_with(&bench);
            is_known = true;
        }
    if (!is_known)
        give_up("unknown name; --list tells them", NULL);
}

static void list(void)
{
    for (int i = 0; i < N_BENCHES; i++)
        printf("%s\n", benches[i].name);
}

int main(int argc, char **argv)
{
    const char *names[N_BENCHES + 1] = {"create-order", "get-order"};
    struct bmt_error error;
    int n_names = 0;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--list") == 0) {
            list();
            return 0;
        }
        if (strcmp(argv[i], "--json") == 0)
            is_json = true;
        else if (strcmp(argv[i], "--seconds") == 0 && i + 1 < argc)
            seconds = strtod(argv[++i], NULL);
        else if (strcmp(argv[i], "--orders") == 0 && i + 1 < argc)
            orders = strtoll(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--skus") == 0 && i + 1 < argc)
            skus = strtoll(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--growth") == 0 && i + 1 < argc)
            growth = strtoll(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--one-server") == 0 && i + 1 < argc)
            one_server = argv[++i];
        else if (n_names <= N_BENCHES)
            names[n_names++] = argv[i];
    }
    if (!(seconds >= 0.1 && seconds <= LOAD_SECONDS_MAX))
        give_up("--seconds is 0.1 to 600", NULL);
    if (orders < 1 || orders > 1000000 || skus < SHOP_SKUS || skus > 1000000 || growth < 1 || growth > 100000000)
        give_up("--orders is 1 to 1000000, --skus 100 to 1000000, --growth 1 to 100000000", NULL);
    client = bmt_client_new(
        &(struct bmt_client_options){
            .address = getenv("BMT_ADDRESS"), .api_key = getenv("BMT_API_KEY"), .connections = 2, .deadline_ms = 20000},
        &error);
    if (client == NULL)
        give_up("client", &error);
    shop_set_up(client);
    for (int i = 0; i < (n_names == 0 ? 2 : n_names); i++)
        run(names[i]);
    bmt_client_free(client);
    return 0;
}
