/* Messages of payments and accounts, made from rows; for service.c and flows that answer PayOrder. */
#ifndef BMT_PAYMENT_MESSAGES_H
#define BMT_PAYMENT_MESSAGES_H

#include "bmt/payment/v1/payment.pb-c.h"
#include "payment/store.h"

/* All memory is the arena's; texts of rows are not copied. */
Bmt__Payment__V1__Payment *payment_message(const struct payment_row *row, struct arena *arena);
Bmt__Payment__V1__ChannelAccount *channel_account_message(const struct channel_account_row *row, struct arena *arena);

#endif
