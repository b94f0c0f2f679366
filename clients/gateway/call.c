/* One call of bmtd for one request; see gateway.h. Packed bytes go there, and come back on the client's thread. */
#include "gateway.h"

static void on_reply(void *context, const void *reply, size_t size, const struct bmt_error *error)
{
    struct exchange *exchange = context;

    if (error != NULL)
        answer_error(exchange, error);
    else
        exchange->take_reply(exchange, reply, size);
    exchange->on_done(exchange);
}

void call_begin(struct exchange *exchange, void (*on_done)(struct exchange *exchange))
{
    const struct bmt_call_options options = {.credential = exchange->credential, .deadline_ms = exchange->deadline_ms};

    exchange->on_done = on_done;
    bmt_call_start_with(exchange->gateway->client, exchange->route->service, exchange->route->method->name,
                        exchange->message, exchange->message_size, &options, on_reply, exchange);
}
