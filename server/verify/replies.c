/*
 * Kept replies of moves of orders (CancelOrder, ConfirmOrder): what a caller was told must be in the order's history.
 * A reply is read without the contract's code: the order is its field 1, in it the id is field 1, the state field 3,
 * the version field 5. Replies of other modules name what they created, which its own row tells as well.
 */
#include <stdlib.h>
#include <string.h>

#include "verify/pass.h"

enum { REPLIES_MAX = 16000000, HEAD_BYTES = 120 };

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

static int compare(const void *a, const void *b)
{
    const struct reply_seen *one = a;
    const struct reply_seen *other = b;

    return (one->order_id > other->order_id) - (one->order_id < other->order_id);
}

int replies_read(struct worker *worker, struct arena *arena, struct reply_seen **ret_replies, size_t *ret_n)
{
    struct scan scan;
    size_t room = 0;
    size_t n = 0;

    if (scan_begin(worker->session, MODULE_ORDER, "SELECT COUNT(*) FROM bmt_order.requests", worker->verify->problems,
                   &scan) != 0)
        return -1;
    while (scan_next(&scan))
        room = (size_t)scan_i64(&scan, 0) + 1000;
    room = room < REPLIES_MAX ? room : REPLIES_MAX;
    *ret_replies = arena_array_of(arena, struct reply_seen, room);
    if (scan_begin(worker->session, MODULE_ORDER,
                   arena_printf(worker->arena,
                                "SELECT HEX(LEFT(reply, %d)) FROM bmt_order.requests WHERE method IN "
                                "('bmt.order.v1.OrderService/CancelOrder', 'bmt.order.v1.OrderService/ConfirmOrder')",
                                HEAD_BYTES),
                   worker->verify->problems, &scan) != 0)
        return -1;
    while (scan_next(&scan))
        if (n < room) {
            (*ret_replies)[n++] = read_reply(scan_text(&scan, 0));
            worker->n_rows++;
        }
    if (n > 1)
        qsort(*ret_replies, n, sizeof **ret_replies, compare);
    *ret_n = n;
    return scan.has_failed ? -1 : 0;
}
