/*
 * Clearing alone, and whole lives of orders with it; see bench.h. The orders are real: made by the calls of life.h,
 * with every row that a purchase has. Clearing is held back by holding the leases of its job's shards, as another
 * replica would, and begins when they are given back; settings are those of the server.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "bench/bench.h"
#include "bench/database.h"
#include "bench/life.h"
#include "bench/report.h"
#include "bench/shop.h"

/* What a lease that was renewed last may still last (half of jobs.lease_ms), and a little. */
enum { LEASE_ENDS_MS = 5500, LOOK_EVERY_MS = 20, STANDS_STILL_MS_MAX = 60000 };

static void pause_ms(int64_t ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000}, NULL);
}

static bool is_due(MYSQL *db)
{
    return database_ask(db, "SELECT EXISTS (SELECT 1 FROM bmt_settlement.clearings WHERE due_time_ms > 0 LIMIT 1)") !=
           0;
}

static int64_t cleared(MYSQL *db)
{
    return database_ask(db, "SELECT COUNT(*) FROM bmt_settlement.clearings WHERE state = 2");
}

static int64_t cleared_since(MYSQL *db, const char *what, int64_t since_ms)
{
    char query[160];

    snprintf(query, sizeof query, "SELECT %s FROM bmt_settlement.clearings WHERE state = 2 AND clear_time_ms >= %lld",
             what, (long long)since_ms);
    return database_ask(db, query);
}

/* Until every line that is due was divided. Counting takes its time, so that only a long wait has it done. */
static void wait_for_clearing(MYSQL *db)
{
    int64_t before = -1;

    for (int64_t waited_ms = LOOK_EVERY_MS; is_due(db); waited_ms += LOOK_EVERY_MS) {
        pause_ms(LOOK_EVERY_MS);
        if (waited_ms % STANDS_STILL_MS_MAX == 0) {
            const int64_t now = cleared(db);

            if (now == before)
                give_up("nothing is divided any more", NULL);
            before = now;
        }
    }
}

static void refuse_errors(const struct load_result *result)
{
    if (result->errors == 0)
        return;
    fprintf(stderr, "bench: a life had an error: %s\n", result->first_error);
    exit(1);
}

static void hold(MYSQL *db)
{
    database_change(
        db, "UPDATE bmt_platform.jobs SET owner = 1, lease_until_ms = 1 << 62 WHERE name LIKE 'settlement.clear%'");
    pause_ms(LEASE_ENDS_MS);
}

static void give_back(MYSQL *db)
{
    database_change(db,
                    "UPDATE bmt_platform.jobs SET owner = 0, lease_until_ms = 0 WHERE name LIKE 'settlement.clear%'");
}

void bench_clearing(const struct bench *bench)
{
    struct load_result lives;
    struct usage before;
    struct usage after;
    MYSQL *db = database_open();
    int64_t had;
    int64_t begin_ms;
    int64_t end_ms;

    life_set_up(bench->client);
    wait_for_clearing(db);
    hold(db);
    had = cleared(db);
    fprintf(stderr, "    making %lld orders that have completed\n", (long long)bench->orders);
    life_run(bench->client, LIFE_CALLERS_MAX, bench->orders, 0, &lives);
    if (lives.errors > 0 || cleared(db) != had)
        give_back(db); /* whatever follows */
    refuse_errors(&lives);
    if (cleared(db) != had)
        give_up("lines were divided before they should", NULL);

    usage_read(&before);
    begin_ms = clock_wall_ms();
    give_back(db);
    wait_for_clearing(db);
    end_ms = clock_wall_ms();
    usage_read(&after);
    if (cleared(db) != had + bench->orders || cleared_since(db, "COUNT(*)", begin_ms) != bench->orders)
        give_up("other lines were divided than were made", NULL);
    /* What the job slept before it found that the lease is free is not counted; what it sleeps between its runs is. */
    begin_ms = cleared_since(db, "MIN(clear_time_ms)", begin_ms);
    mysql_close(db);
    report(&(struct figure){.name = "clearing",
                            .param = "orders",
                            .param_value = (double)bench->orders,
                            .value = (double)bench->orders * 1000 / (double)(end_ms - begin_ms),
                            .unit = "1/s",
                            .before = &before,
                            .after = &after},
           bench->is_json);
}

static void whole_life(const struct bench *bench, MYSQL *db, int callers)
{
    struct load_result lives;
    struct usage before;
    struct usage after;
    const int64_t had = cleared(db);
    int64_t begin_ns;
    double took_s;

    usage_read(&before);
    begin_ns = clock_steady_ns();
    life_run(bench->client, callers, 0, bench->seconds, &lives);
    refuse_errors(&lives);
    wait_for_clearing(db);
    took_s = (double)(clock_steady_ns() - begin_ns) / 1e9;
    usage_read(&after);
    if (cleared(db) != had + (int64_t)lives.calls)
        give_up("other lines were divided than were sold", NULL);
    report(&(struct figure){.name = "whole-life",
                            .param = "callers",
                            .param_value = callers,
                            .value = (double)lives.calls / took_s,
                            .unit = "1/s",
                            .p50_ms = lives.p50_ms,
                            .p99_ms = lives.p99_ms,
                            .before = &before,
                            .after = &after},
           bench->is_json);
}

void bench_whole_life(const struct bench *bench)
{
    static const int callers[] = {16, 64, LIFE_CALLERS_MAX};
    MYSQL *db = database_open();

    life_set_up(bench->client);
    wait_for_clearing(db);
    for (size_t i = 0; i < sizeof callers / sizeof callers[0]; i++)
        whole_life(bench, db, callers[i]);
    mysql_close(db);
}
