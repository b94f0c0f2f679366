/*
 * One call, from its arrival to its reply: what handlers may know of it.
 *
 * A call and its arena live until it is replied to (unary) or finished (streams); it is replied to exactly once.
 * Replies may be sent from any thread.
 */
#ifndef BMT_RPC_CALL_H
#define BMT_RPC_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/err.h"
#include "rpc/auth.h"
#include "sql/batch.h"

struct call;
struct lane;

/* The request, unpacked and its form checked; lives in the call's arena. Cast to the method's request type. */
const void *call_request(const struct call *call);
const struct caller *call_caller(const struct call *call);
struct arena *call_arena(const struct call *call);

/* `bmt.order.v1.OrderService/CreateOrder` */
const char *call_method(const struct call *call);

/* Milliseconds until the caller gives up, at least 0. */
int64_t call_left_ms(const struct call *call);
/* The same moment by clock_steady_ns. */
int64_t call_deadline_ns(const struct call *call);
bool call_is_cancelled(const struct call *call);

/*
 * The request's fingerprint: SHA-256 of its canonical bytes, cut to 16 bytes. A browser's user is mixed in: a kept
 * reply is given before anything is looked up, and another user's must not be.
 */
void call_fingerprint(const struct call *call, uint8_t ret_fingerprint[FINGERPRINT_SIZE]);

/* The same of any message, whoever sent it, such as one entry of a batch call. */
void message_fingerprint(const ProtobufCMessage *message, struct arena *arena,
                         uint8_t ret_fingerprint[FINGERPRINT_SIZE]);

/*
 * Fills the upper part of a command from the call: business, actor, method, request_id, fingerprint. The deadline goes
 * with the request_id: a look at what the call has stored by then must not be told that nothing was changed.
 */
void call_command(const struct call *call, const char *request_id, struct command *command);

/* The answer: a message, bytes already packed, or a refusal. */
void call_reply(struct call *call, const ProtobufCMessage *message);
void call_reply_packed(struct call *call, struct sql_bytes packed);
void call_fail(struct call *call, const struct err *err);

/* Packs a message into the arena: for struct command's `pack`. */
struct sql_bytes call_pack(const ProtobufCMessage *message, struct arena *arena);

/*
 * Streams. The server side sends any number of messages and then finishes. Sending never waits: messages queue
 * behind the one being written; a reader that lets more than STREAM_QUEUE_MAX pile up is finished with
 * STREAM_TOO_SLOW. `on_gone` is called exactly once, from a poller or a lane, when the stream is over for whatever
 * reason (client left, deadline, finished), never from inside a stream_ function; after it returns the call is gone.
 */
enum { STREAM_QUEUE_MAX = 256 };
void stream_on_gone(struct call *call, void (*on_gone)(struct call *call, void *context), void *context);
/* False when the stream is already over; the message is then dropped. */
bool stream_send(struct call *call, const ProtobufCMessage *message);
void stream_finish(struct call *call, const struct err *err); /* NULL: OK */

/* For client and bidirectional streams: the next message (in the call's arena, reset by the next one), or the end. */
void stream_receive(struct call *call,
                    void (*on_message)(struct call *call, const void *message_or_null, void *context), void *context);

#endif
