/* Commands on businesses and their keys: what service.c and service_keys.c fill; ops.c and ops_keys.c carry them out.
 */
#ifndef BMT_BUSINESS_OPS_H
#define BMT_BUSINESS_OPS_H

#include "business/store.h"
#include "rpc/list.h"

/* The fields that an update can name, as bits. */
enum {
    BUSINESS_NAME = 1,
    BUSINESS_CONTACT_EMAIL = 2,
    BUSINESS_ORDER_EXPIRES = 4,
    BUSINESS_ORDER_CONFIRM = 8,
    BUSINESS_STATE = 16,
    BUSINESS_LATE_MONEY = 32,
    BUSINESS_FAILED_PAYMENT = 64,
};

struct register_business {
    struct command command;
    struct business_row row; /* code, name, currency, email, times given; the rest is set */
};

struct get_business {
    struct command command;
    int64_t biz_id; /* the one asked for; a caller with a business of its own sees that one only */
    struct business_row row;
};

struct list_businesses {
    struct command command;
    struct list list;
    struct business_row *rows;
    size_t n;
};

struct update_business {
    struct command command;
    int64_t biz_id;
    unsigned fields;
    int32_t version; /* -1: whatever is there */
    struct business_row values;
    struct business_row row;
};

enum { API_KEYS_LIVE_MAX = 10 };

struct issue_key {
    struct command command;
    const char *key;        /* derived from the request */
    struct api_key_row row; /* role, scopes, label, expiry, hash given; the rest is set */
};

struct rotate_key {
    struct command command;
    const char *key;
    uint8_t hash[API_KEY_HASH_SIZE];
    int64_t old_key_id;
    int64_t old_key_lives_ms;
    const char *caller_scopes; /* separated by spaces; empty: no limit */
    struct api_key_row row;
    struct api_key_row old_row;
};

struct revoke_key {
    struct command command;
    int64_t key_id;
    struct api_key_row row;
};

struct list_keys {
    struct command command;
    struct list list;
    struct api_key_row *rows;
    size_t n;
};

extern struct batch_plan register_business_plan, get_business_plan, list_businesses_plan, update_business_plan;
extern struct batch_plan issue_key_plan, rotate_key_plan, revoke_key_plan, list_keys_plan;

/* Told after a commit that changed keys: the hashes to forget. Set by service_keys.c. */
extern void (*business_keys_changed)(const uint8_t (*hashes)[API_KEY_HASH_SIZE], size_t n);

#endif
