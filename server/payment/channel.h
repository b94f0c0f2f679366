/*
 * What a payment channel is to us: a table of pure functions that build requests and read answers. Who sends them,
 * when, and what follows is the flows' affair (flows/ask_channel.h, pay_order.c, handle_notification.c).
 *
 * A new channel is a file channel_<name>.c with such a table, and a line in channels.c.
 */
#ifndef BMT_PAYMENT_CHANNEL_H
#define BMT_PAYMENT_CHANNEL_H

#include "base/arena.h"
#include "base/ed25519.h"
#include "base/err.h"
#include "http/client.h"
#include "payment/store.h"

/* The secrets of an account: `<name>` holds our secret, `<name>.pub` the channel's public key. Never logged. */
struct channel_secret {
    const char *secret;
    struct ed25519_key *channel_key;
};

/* An account as a channel's functions need it. */
struct channel_account {
    const struct channel *channel;
    const struct channel_account_row *row;
    const struct channel_secret *secret;
};

/* What the channel's answer means. */
enum channel_word {
    CHANNEL_UNCLEAR,   /* no answer, an unreadable one, or one that is not signed by the channel: nothing is known */
    CHANNEL_NOT_ASKED, /* the request cannot have reached the channel */
    CHANNEL_REFUSED,   /* the channel refused the request as such */
    CHANNEL_MISSING,   /* the channel does not know the payment, refund or payout */
    CHANNEL_WAITS,     /* the channel waits for the payer, or is at it */
    CHANNEL_HAS_MONEY,
    CHANNEL_GAVE_BACK, /* of a refund: the money went back */
    CHANNEL_PAID_OUT,  /* of a payout: the money went to its account */
    CHANNEL_RETURNED,  /* of a payout: the money went there and came back */
    CHANNEL_FAILED,    /* the payer, the channel or the bank at the other end refused */
    CHANNEL_CLOSED,
};

/* The channel's word on one payment, refund or payout; texts live in the arena that it was read with. */
struct channel_verdict {
    enum channel_word word;
    int64_t payment_id;      /* which of ours it speaks of; 0 when it does not say */
    int64_t refund_id;       /* the same of a refund */
    int64_t payout_id;       /* the same of a payout */
    struct money amount;     /* of what it has or waits for; currency empty when it does not say */
    const char *ref;         /* the channel's id; NULL when it does not say */
    const char *transaction; /* NULL: none */
    const char *action_url;  /* where the payer pays; empty: nowhere */
    const char *failure;     /* empty: none */
    int64_t fee_minor;       /* of a payment: what the channel keeps of the amount; 0: none told */
};

/* A verified notification. */
struct channel_notification {
    const char *event_id;
    struct channel_verdict verdict;
};

/* Money that a channel shall pay to somebody's bank account; settlement's row has the rest. */
struct channel_payout {
    int64_t payout_id;
    int64_t biz_id;
    int64_t amount_minor;
    char currency[CURRENCY_SIZE];
    const char *account; /* the bank account itself (channel_payout_account); not needed to ask about the payout */
};

/* A movement of money, as a channel's statement file tells it. */
enum statement_line_kind {
    STATEMENT_PAYMENT = 1,
    STATEMENT_REFUND = 2,
    STATEMENT_PAYOUT = 3,     /* money that went to somebody's account */
    STATEMENT_RETURN = 4,     /* a payout that came back */
    STATEMENT_SETTLEMENT = 5, /* money that came to our own bank account */
};
struct channel_statement_line {
    enum statement_line_kind kind;
    int64_t object_id; /* our payment, refund or payout; 0: it names none of ours */
    const char *ref;   /* the channel's id of it */
    const char *transaction;
    struct money amount;
    int64_t fee_minor; /* of the amount: what the channel kept */
    int64_t time_ms;
};

/* A statement file, or the part of a long one. */
struct channel_statement {
    int32_t part;
    int32_t parts;
    struct channel_statement_line *lines;
    size_t n;
};
enum { STATEMENT_PARTS_MAX = 10000 };

struct channel {
    const char *name;

    /* Requests; memory from the arena. `payment` is our row. */
    void (*build_create)(const struct channel_account *account, const struct payment_row *payment, struct arena *arena,
                         struct http_request *ret_request);
    void (*build_query)(const struct channel_account *account, const struct payment_row *payment, struct arena *arena,
                        struct http_request *ret_request);
    void (*build_close)(const struct channel_account *account, const struct payment_row *payment, struct arena *arena,
                        struct http_request *ret_request);

    /*
     * The same for a refund. Asking to refund is idempotent by refund_id: asked again, the channel tells what became of
     * it. An adapter whose channel cannot do that asks for the refund first and sends it when the channel does not know
     * it.
     */
    void (*build_refund)(const struct channel_account *account, const struct refund_row *refund, struct arena *arena,
                         struct http_request *ret_request);
    void (*build_query_refund)(const struct channel_account *account, const struct refund_row *refund,
                               struct arena *arena, struct http_request *ret_request);

    /* The same for a payout, idempotent by payout_id. */
    void (*build_payout)(const struct channel_account *account, const struct channel_payout *payout,
                         struct arena *arena, struct http_request *ret_request);
    void (*build_query_payout)(const struct channel_account *account, const struct channel_payout *payout,
                               struct arena *arena, struct http_request *ret_request);

    /* Never fail: what cannot be believed is CHANNEL_UNCLEAR. */
    struct channel_verdict (*read_reply)(const struct channel_account *account, const struct http_reply *reply,
                                         struct arena *arena);
    struct channel_verdict (*read_refund)(const struct channel_account *account, const struct http_reply *reply,
                                          struct arena *arena);
    struct channel_verdict (*read_payout)(const struct channel_account *account, const struct http_reply *reply,
                                          struct arena *arena);

    /* False when the notification is not the channel's, is too old, or cannot be read. `now_ms` is the machine's. */
    bool (*read_notification)(const struct channel_account *account, const struct http_header *headers,
                              size_t n_headers, const void *body, size_t body_size, int64_t now_ms, struct arena *arena,
                              struct channel_notification *ret_notification);

    /*
     * Reads a statement file of a day (`2026-07-01`); `ret_problem` says what is wrong with it when it is not this
     * account's, not of this day, or cannot be read.
     */
    bool (*read_statement)(const struct channel_account *account, const char *date, struct sql_bytes file,
                           struct arena *arena, struct channel_statement *ret_statement, const char **ret_problem);
};

/* The adapter of that name; NULL when there is none. */
const struct channel *channel_of_name(const char *name);

/* A copy of an account in the arena, texts too: for questions that outlive the batch that read it. */
struct channel_account_row *channel_account_copy(const struct channel_account_row *row, struct arena *arena);

/*
 * The same of a verdict: what is learned from it goes to the row, which several questions of one batch share, and each
 * question goes with its own memory once it is answered.
 */
struct channel_verdict channel_verdict_copy(const struct channel_verdict *verdict, struct arena *arena);

/* Where secrets are looked for. */
void channel_use_secrets_dir(const char *folder);

/*
 * Adapter and secrets of an account; secrets are read once and kept, that they are missing is remembered for a second.
 * 0, ERR_CHANNEL_UNKNOWN or ERR_CHANNEL_SECRET_MISSING.
 */
int channel_open(const struct channel_account_row *row, struct channel_account *ret_account,
                 struct err *err) MUST_CHECK;

/*
 * The bank account in the secret file `<secrets_dir>/<secret_name>`, in the arena. It is read each time, so that a
 * changed file holds at once; it goes to the channel alone, never into logs or rows. 0 or ERR_CHANNEL_SECRET_MISSING:
 * also of a file that is open to others, and of a name that is a channel's own secret (which has a `.pub`).
 */
int channel_payout_account(const char *secret_name, struct arena *arena, const char **ret_account,
                           struct err *err) MUST_CHECK;

#endif
