/*
 * The payment module's verbs for flows, and commands on accounts and payments for service.c. Functions return 0, or an
 * error of sql.h that rolls the whole batch back.
 */
#ifndef BMT_PAYMENT_OPS_H
#define BMT_PAYMENT_OPS_H

#include "base/conf.h"
#include "payment/channel.h"
#include "payment/state.h"
#include "payment/store.h"
#include "rpc/list.h"

/* A payment that a command is about. The caller sets the upper part. */
struct payment_ref {
    struct command *command;
    int64_t payment_id;

    struct payment_row *row; /* shared by all references to the same payment */
};

/* Finds payments; others' are refused with PAYMENT_NOT_FOUND. payment_lock locks the rows by id. */
int payment_lock(struct batch *batch, struct payment_ref *refs, size_t n, struct err *err) MUST_CHECK;
int payment_load(struct batch *batch, struct payment_ref *refs, size_t n, struct err *err) MUST_CHECK;

/*
 * The payments that these requests have begun before: `ret_rows[i]` with the command done, refused with
 * REQUEST_ID_REUSED where the request is another one now; NULL where there is none.
 */
int payment_find_repeats(struct batch *batch, struct command *const *commands, size_t n, struct payment_row **ret_rows,
                         struct err *err) MUST_CHECK;

/* Makes a row CREATED under the command's request; the caller has set whose it is, over what, how much, until when. */
void payment_row_begin(struct payment_row *row, const struct command *command, int64_t now_ms);

/* Can payments of this amount begin over the account? Else the command is refused. */
bool payment_account_allows(const struct channel_account_row *account, struct money amount, struct command *command);

/* Refuses the command where the row's largest amount is below its least. */
void payment_check_limits(const struct channel_account_row *row, struct command *command);

/* The accounts of commands' businesses: `ret_rows[i]` is NULL, and the command refused, where there is none. */
int payment_load_accounts(struct batch *batch, struct command *const *commands, const int64_t *account_ids, size_t n,
                          struct channel_account_row **ret_rows, struct err *err) MUST_CHECK;

/* Moves as they gather; each changes its row in memory at once. */
struct payment_moves {
    struct payment_row **rows;
    size_t n_rows;
    struct payment_event_row *events;
    size_t n_events;
};
struct payment_moves payment_moves_begin(size_t n_max, struct arena *arena);
/* PREs that the table allows the event. */
void payment_move_add(struct payment_moves *moves, struct payment_row *row, enum payment_event event, const char *actor,
                      const char *detail, int64_t now_ms);
int payment_moves_write(struct batch *batch, struct payment_moves *moves, struct err *err) MUST_CHECK;

/* When channels are asked. Once, before the service starts; without it the settings' defaults hold. */
void payment_use_questions(const struct conf *conf);

/* When to ask the channel again: with the defaults after 10 s, 20 s, ... up to an hour. */
int64_t payment_next_question_ms(int32_t attempts, int64_t now_ms);

/*
 * The same for an open payment, which has a deadline: once more shortly before it expires, so that money whose
 * notification was lost still pays the order, and once as soon as it has expired, to close it at the channel.
 */
int64_t payment_due_ms(const struct payment_row *row, int64_t now_ms);

struct create_account {
    struct command command;
    struct channel_account_row row; /* code ... priority given; the rest is set */
};

enum {
    ACCOUNT_TITLE = 1,
    ACCOUNT_PRIORITY = 2,
    ACCOUNT_BASE_URL = 4,
    ACCOUNT_NOTIFY_URL = 8,
    ACCOUNT_STATE = 16,
    ACCOUNT_CURRENCIES = 32,
    ACCOUNT_AMOUNT_MIN = 64,
    ACCOUNT_AMOUNT_MAX = 128,
    ACCOUNT_PLATFORMS = 256,
};

struct update_account {
    struct command command;
    int64_t account_id;
    unsigned fields;
    int32_t version; /* -1: whatever is there */
    struct channel_account_row values;
    struct channel_account_row row;
};

struct get_account {
    struct command command;
    int64_t account_id;
    struct channel_account_row *row;
};

struct list_accounts {
    struct command command;
    struct list list;
    struct channel_account_row *rows;
    size_t n;
};

struct get_payment {
    struct command command;
    int64_t payment_id;
    struct payment_row *row;
};

struct list_payments {
    struct command command;
    struct list list;
    int64_t order_id; /* 0: of all orders */
    struct payment_row *rows;
    size_t n;
};

extern struct batch_plan create_account_plan, update_account_plan, get_account_plan, list_accounts_plan;
extern struct batch_plan get_payment_plan, list_payments_plan;

#endif
