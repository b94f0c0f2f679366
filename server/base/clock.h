/*
 * The one clock. Everything that decides by time reads clock_now_ms; only ids, logs and measurements read the
 * machine's own time.
 *
 * In sandbox mode the clock runs at an offset from the machine's time that can only grow; the offset is a row in the
 * database (sandbox/store.c), so that all replicas share it. In production mode the offset is always 0.
 */
#ifndef BMT_BASE_CLOCK_H
#define BMT_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* The time that rules see, ms since epoch, UTC. Thread-safe. */
int64_t clock_now_ms(void);

/* How far the rules' time is ahead of the machine's. */
int64_t clock_offset_ms(void);

/* Moves the offset forward; a smaller value than the present one is ignored, so that time never runs back. */
void clock_advance_to_offset(int64_t offset_ms);

/* The machine's time, ms since epoch, UTC: for ids and logs. */
int64_t clock_wall_ms(void);

/* A steady time for measuring and for deadlines, in nanoseconds since some start. */
int64_t clock_steady_ns(void);

/* The moment so many milliseconds ahead, by the machine's time: what pthread_cond_timedwait counts by. */
struct timespec clock_moment_in(int64_t wait_ms);

#endif
