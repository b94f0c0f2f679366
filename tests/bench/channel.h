/*
 * The sandbox channel for a load: the part of its protocol (tests/channelsim/README.md) that a payment needs, in one
 * thread, so that as little as possible of the machine goes to what is not measured. Nothing is spared the server:
 * requests are proven by their HMAC, answers and notifications are signed one by one.
 *
 * The payer is us: channel_pay decides, channel_notify makes the call that a gateway makes of the notification.
 */
#ifndef BMT_TESTS_BENCH_CHANNEL_H
#define BMT_TESTS_BENCH_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

enum { CHANNEL_PAYMENTS_MAX = 4000000, CHANNEL_FEE_MINOR = 25, CHANNEL_NOTIFICATION_MAX = 2048 };

/* Starts the thread, with the keys of a folder as channelsim makes it. Returns its port; ends the process if it cannot.
 */
int channel_start(const char *keys_folder);

/* Decides a payment that was asked for: the money comes. */
void channel_pay(int64_t payment_id);

/* Packs a HandleNotification that says so; `bytes` holds CHANNEL_NOTIFICATION_MAX. Returns the size. Thread-safe. */
size_t channel_notify(int64_t payment_id, const char *channel_account_id, const char *merchant, uint8_t *bytes);

#endif
