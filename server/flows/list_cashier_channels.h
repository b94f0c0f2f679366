/* ListCashierChannels: what payment's channel accounts and agreements offer for an order. */
#ifndef BMT_FLOWS_LIST_CASHIER_CHANNELS_H
#define BMT_FLOWS_LIST_CASHIER_CHANNELS_H

#include "payment/ops_agreement.h"

struct list_cashier_channels {
    struct command command;
    struct list list; /* goes on after as many as its token tells: what is best changes */
    int64_t order_id;
    int32_t platform; /* 0: all */
    const char *locale;

    struct channel_account_row *channels; /* best first, those of earlier pages left out */
    size_t n_channels;
    int64_t preferred_id; /* over which the user has paid last; 0: none, or none of these */
    struct agreement_view *agreements;
    size_t n_agreements;
};

extern struct batch_plan list_cashier_channels_plan;

#endif
