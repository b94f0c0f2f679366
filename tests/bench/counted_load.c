/*
 * The client of tools/instructions: COUNTED_CALLS calls of each method that gate.c counts, in the same order, by
 * COUNTED_BATCH callers that each call again when they are answered. Address and key come from BMT_ADDRESS and
 * BMT_API_KEY.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "bench/counted.h"
#include "bench/shop.h"

static struct bmt_client *client;
static const struct load *load;
static _Atomic int n_begun;
static _Atomic int n_answered;

static void on_answer(void *context, const void *reply, size_t size, const struct bmt_error *error);

static void call_again(void)
{
    const int n = atomic_fetch_add(&n_begun, 1);
    uint8_t bytes[LOAD_BYTES_MAX];

    if (n < COUNTED_CALLS)
        bmt_call_start(client, load->service, load->method, bytes, load->fill((uint64_t)n, bytes), on_answer, NULL);
}

static void on_answer(void *context, const void *reply, size_t size, const struct bmt_error *error)
{
    (void)context;
    if (error != NULL)
        give_up(load->method, error);
    if (load->answered != NULL)
        load->answered(reply, size);
    atomic_fetch_add(&n_answered, 1);
    call_again();
}

static void run(const struct load *which)
{
    load = which;
    atomic_store(&n_begun, 0);
    atomic_store(&n_answered, 0);
    for (int i = 0; i < COUNTED_BATCH; i++)
        call_again();
    while (atomic_load(&n_answered) < COUNTED_CALLS)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
}

int main(void)
{
    struct bmt_error error;

    client = bmt_client_new(
        &(struct bmt_client_options){
            .address = getenv("BMT_ADDRESS"), .api_key = getenv("BMT_API_KEY"), .connections = 2, .deadline_ms = 60000},
        &error);
    if (client == NULL)
        give_up("client", &error);
    shop_set_up(client);
    run(&load_create_order);
    run(&load_get_order);
    run(&load_echo);
    bmt_client_free(client);
    return 0;
}
