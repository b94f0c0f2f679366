/*
 * Partners: commands for service_partner.c, and the verbs with which a flow carries out what names a channel account,
 * which is payment's (flows/create_partner.h). Functions return 0, or an error of sql.h that rolls the whole batch
 * back.
 */
#ifndef BMT_SETTLEMENT_OPS_PARTNER_H
#define BMT_SETTLEMENT_OPS_PARTNER_H

#include "rpc/list.h"
#include "settlement/store_partner.h"
#include "sql/batch.h"

struct create_partner {
    struct command command;
    bool has_channel_account; /* the flow has found the one that is given */
    struct partner_row row;   /* code ... hold_back_s given; the rest is set */
};

/* The fields that an update can name, as bits in the order of its mask's paths. */
enum {
    PARTNER_TITLE = 1,
    PARTNER_PAYOUT_CHANNEL = 2,
    PARTNER_PAYOUT_ACCOUNT = 4,
    PARTNER_SCHEDULE = 8,
    PARTNER_TIME_ZONE = 16,
    PARTNER_CUTOFF = 32,
    PARTNER_THRESHOLD = 64,
    PARTNER_HOLD_BACK = 128,
    PARTNER_STATE = 256,
};

struct update_partner {
    struct command command;
    int64_t partner_id;
    unsigned fields;
    int32_t version; /* -1: whatever is there */
    struct partner_row values;
    bool has_channel_account; /* the flow has found the one that is given */
    struct partner_row row;
};

struct get_partner {
    struct command command;
    int64_t partner_id;
    struct partner_row row;
};

struct list_partners {
    struct command command;
    struct list list;
    struct partner_row *rows;
    size_t n;
};

/*
 * Carry out the create_partner and update_partner commands of a batch; `has_channel_account` is set by then. Refuse
 * with CHANNEL_ACCOUNT_NOT_FOUND and PARTNER_CODE_TAKEN; with PARTNER_NOT_FOUND, ETAG_MISMATCH and
 * CHANNEL_ACCOUNT_NOT_FOUND.
 */
int settlement_create_partners(struct batch *batch, struct err *err) MUST_CHECK;
int settlement_update_partners(struct batch *batch, struct err *err) MUST_CHECK;

extern struct batch_plan get_partner_plan, list_partners_plan;

#endif
