/* What a channel account takes, and in which language an agreement is shown. Pure. */
#ifndef BMT_PAYMENT_RULES_H
#define BMT_PAYMENT_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/money.h"

/* What an account takes; its row has them. */
struct payment_limits {
    const char *currencies; /* codes one behind another, such as `EURUSD`; empty: all */
    int64_t amount_min;     /* minor units; 0: any */
    int64_t amount_max;
};

bool payment_limits_allow(const struct payment_limits *limits, struct money amount);

/* `platforms`: a bit for each bmt.payment.v1.CashierPlatform, 0 for all. Platform 0 is any of them. */
bool payment_platforms_have(int32_t platforms, int32_t platform);

/*
 * Which of `locales` (n > 0, the default first) is shown to whom wants `wanted`: the very one, or what is left of it
 * when subtags are cut from its end (the lookup of RFC 4647), or the first of its language, or the default. Letters
 * count alike in both cases.
 */
size_t payment_choose_locale(const char *const *locales, size_t n, const char *wanted);

#endif
