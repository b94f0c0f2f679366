/*
 * Whole lives of orders over the public interface: CreateOrder, PayOrder (the channel is asked), HandleNotification
 * (its signature is checked and the channel asked; the order is then paid and fulfilled), ConfirmOrder. Each caller has
 * one life under way and begins the next when it has ended.
 */
#ifndef BMT_TESTS_BENCH_LIFE_H
#define BMT_TESTS_BENCH_LIFE_H

#include "bench/load.h"

enum { LIFE_CALLERS_MAX = 256 };

/* Starts the channel, an account at it, and a partner who shares in what the shop sells. */
void life_set_up(struct bmt_client *client);

/*
 * By so many callers lives begin until `orders` have begun (0: no limit) or `seconds` have passed (0: no limit); those
 * under way are ended. `ret_result` counts lives; `calls_per_s` is over all of them.
 */
void life_run(struct bmt_client *client, int callers, int64_t orders, double seconds, struct load_result *ret_result);

#endif
