/* The clock; see clock.h. The only reader of the system's clocks. */
#include "base/clock.h"

#include <stdatomic.h>
#include <time.h>

static _Atomic int64_t offset_ms_now;

static int64_t read_ns(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t clock_now_ms(void)
{
    return clock_wall_ms() + clock_offset_ms();
}

int64_t clock_offset_ms(void)
{
    return atomic_load_explicit(&offset_ms_now, memory_order_relaxed);
}

void clock_advance_to_offset(int64_t offset_ms)
{
    int64_t present = atomic_load(&offset_ms_now);

    while (offset_ms > present && !atomic_compare_exchange_weak(&offset_ms_now, &present, offset_ms))
        ;
}

int64_t clock_wall_ms(void)
{
    return read_ns(CLOCK_REALTIME) / 1000000;
}

int64_t clock_steady_ns(void)
{
    return read_ns(CLOCK_MONOTONIC);
}

struct timespec clock_moment_in(int64_t wait_ms)
{
    const int64_t then_ns = read_ns(CLOCK_REALTIME) + wait_ms * 1000000;

    return (struct timespec){.tv_sec = then_ns / 1000000000, .tv_nsec = then_ns % 1000000000};
}
