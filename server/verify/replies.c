/*
 * Kept replies of moves of orders (CancelOrder, ConfirmOrder): what a caller was told must be in the order's history.
 * A reply is read without the contract's code: the order is its field 1, in it the id is field 1, the state field 3,
 * the version field 5. Replies of other modules name what they created, which its own row tells as well.
 *
 * They are read as a stream, of one business and method after another, and compared slice by slice: memory does not
 * grow with their number. A reply commits with its move, and its stream began before the history is read: what
 * disagrees is no suspect but a finding.
 */
#include <stdlib.h>
#include <string.h>

#include "order/state.h"
#include "verify/pass.h"

enum { SLICE = 8192, HEAD_BYTES = 120, SLICE_BYTES_MAX = 32 << 20 };

static const char *const methods[] = {"CancelOrder", "ConfirmOrder"};

/* What a caller was told of a move of an order. */
struct reply_seen {
    int64_t order_id, state, version;
};

/* A reader of protobuf's wire format over hexadecimal digits; fails by running out. */
struct wire {
    const char *at;
    const char *end;
};

static unsigned digit(char c)
{
    return c >= 'A' ? (unsigned)(c - 'A') + 10 : (unsigned)(c - '0');
}

static unsigned take_byte(struct wire *wire)
{
    if (wire->end - wire->at < 2) {
        wire->at = wire->end;
        return 0;
    }
    const unsigned byte = digit(wire->at[0]) << 4 | digit(wire->at[1]);

    wire->at += 2;
    return byte;
}

static uint64_t take_varint(struct wire *wire)
{
    uint64_t number = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        const unsigned byte = take_byte(wire);

        number |= (uint64_t)(byte & 127) << shift;
        if (byte < 128)
            break;
    }
    return number;
}

static void take_id(struct wire *wire, uint64_t size, int64_t *ret_id)
{
    char text[32] = "";

    for (uint64_t i = 0; i < size; i++) {
        const char byte = (char)take_byte(wire);

        if (i < sizeof text - 1)
            text[i] = byte;
    }
    if (id_parse(ID_ORDER, text, ret_id) != 0)
        *ret_id = 0;
}

/* Reads the order's head; what comes after the version is of no interest. */
static struct reply_seen read_reply(const char *hex)
{
    struct wire wire = {.at = hex, .end = hex + strlen(hex)};
    struct reply_seen reply = {0};

    (void)take_byte(&wire); /* the order */
    (void)take_varint(&wire);
    while (wire.at < wire.end && reply.version == 0) {
        const uint64_t tag = take_varint(&wire);

        if ((tag & 7) == 2) {
            const uint64_t size = take_varint(&wire);

            if (tag >> 3 == 1)
                take_id(&wire, size, &reply.order_id);
            else
                wire.at = size * 2 < (uint64_t)(wire.end - wire.at) ? wire.at + size * 2 : wire.end;
        } else {
            const int64_t number = (int64_t)take_varint(&wire);

            if (tag >> 3 == 3)
                reply.state = number;
            else if (tag >> 3 == 5)
                reply.version = number;
        }
    }
    return reply;
}

static const struct seen_column event_list[] = {SEEN(event_seen, id), SEEN(event_seen, version), SEEN(event_seen, to)};
static const struct seen_columns event_columns = {event_list, COUNT_OF(event_list), sizeof(struct event_seen)};

/* One run: a connection streams, another one looks up. */
struct stream {
    struct worker reading;
    struct worker looking;
    struct reply_seen slice[SLICE];
    size_t n;
    int64_t biz_id;
};

static int compare_events(const void *a, const void *b)
{
    const struct event_seen *one = a;
    const struct event_seen *other = b;

    if (one->id != other->id)
        return one->id < other->id ? -1 : 1;
    return (one->version > other->version) - (one->version < other->version);
}

/* The version that a caller was told of led to the state that it was told. */
static void compare_reply(struct stream *stream, const struct reply_seen *reply, const struct event_seen *events,
                          size_t n)
{
    const struct event_seen wanted = {.id = reply->order_id, .version = reply->version};
    const struct event_seen *event = n > 0 ? bsearch(&wanted, events, n, sizeof *events, compare_events) : NULL;

    if (event == NULL || event->to != reply->state)
        found(&stream->looking, reply->order_id, REPLY, stream->biz_id, ID_ORDER, reply->order_id,
              "a caller was told %s at version %lld, its history does not know of it",
              fsm_state_name(&order_fsm, (int)reply->state), (long long)reply->version);
}

static int compare_slice(struct stream *stream)
{
    struct arena *arena = stream->looking.arena;
    int64_t *ids = arena_array_of(arena, int64_t, stream->n);
    struct event_seen *events = NULL;
    size_t n = 0;
    int rc = 0;

    for (size_t i = 0; i < stream->n; i++)
        ids[i] = stream->slice[i].order_id;
    if (stream->n > 0)
        rc = rows_read(&stream->looking, MODULE_ORDER,
                       arena_printf(arena,
                                    "SELECT order_id, version, to_state FROM bmt_order.order_events WHERE order_id IN "
                                    "(%s) ORDER BY order_id, version",
                                    rows_id_list(ids, stream->n, arena)),
                       &event_columns, &events, &n);
    for (size_t i = 0; i < stream->n && rc == 0; i++)
        compare_reply(stream, &stream->slice[i], events, n);
    stream->n = 0;
    arena_reset(arena);
    return pass_stops(stream->looking.verify) ? -1 : rc;
}

/* All replies of one business and method. A failed slice reads on to the end, so that the connection stays usable. */
static int check_method(struct stream *stream, const char *method)
{
    struct worker *reading = &stream->reading;
    struct scan scan;
    int rc = 0;

    if (scan_begin(reading->session, MODULE_ORDER,
                   arena_printf(reading->arena,
                                "SELECT HEX(LEFT(reply, %d)) FROM bmt_order.requests WHERE biz_id = %lld AND method = "
                                "'bmt.order.v1.OrderService/%s'",
                                HEAD_BYTES, (long long)stream->biz_id, method),
                   reading->verify->problems, &scan) != 0)
        return -1;
    while (scan_next(&scan)) {
        if (rc != 0)
            continue;
        stream->slice[stream->n++] = read_reply(scan_text(&scan, 0));
        reading->n_rows++;
        if (stream->n == SLICE)
            rc = compare_slice(stream);
    }
    arena_reset(reading->arena);
    if (scan.has_failed)
        return fprintf(reading->verify->problems, "the connection was lost while reading replies\n"), -1;
    return rc == 0 ? compare_slice(stream) : rc;
}

/* The business after `biz_id` that has replies; 0: there is none. */
static int next_business(struct stream *stream)
{
    struct worker *reading = &stream->reading;
    struct scan scan;

    if (scan_begin(reading->session, MODULE_ORDER,
                   arena_printf(reading->arena, "SELECT MIN(biz_id) FROM bmt_order.requests WHERE biz_id > %lld",
                                (long long)stream->biz_id),
                   reading->verify->problems, &scan) != 0)
        return -1;
    while (scan_next(&scan))
        stream->biz_id = scan_i64(&scan, 0);
    return scan.has_failed ? -1 : 0;
}

int replies_check(const struct verify *verify, struct arena *arena, struct verify_report *report)
{
    struct session *one CLEANUP(session_cleanup) = session_new(verify->db);
    struct session *other CLEANUP(session_cleanup) = session_new(verify->db);
    struct arena *texts CLEANUP(arena_cleanup) = arena_new(1 << 20);
    struct arena *slice CLEANUP(arena_cleanup) = arena_new(SLICE_BYTES_MAX);
    struct pass pass = {.verify = verify, .report = report, .which = VERIFY_ORDERS, .is_last_look = true};
    struct stream *stream = arena_new_of(arena, struct stream);
    int rc;

    pthread_mutex_init(&pass.lock, NULL);
    stream->reading = (struct worker){.verify = verify, .session = one, .arena = texts, .pass = &pass};
    stream->looking = (struct worker){.verify = verify, .session = other, .arena = slice, .pass = &pass};
    rc = next_business(stream);
    while (rc == 0 && stream->biz_id != 0) {
        for (size_t i = 0; i < COUNT_OF(methods) && rc == 0; i++)
            rc = check_method(stream, methods[i]);
        if (rc == 0)
            rc = next_business(stream);
    }
    report->n_rows += stream->reading.n_rows + stream->looking.n_rows;
    return rc;
}
