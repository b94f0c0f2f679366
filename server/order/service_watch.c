/* OrderService: WatchOrder. The first message comes from here, all others from the hub (watch.h). */
#include "bmt/order/v1/order.pb-c.h"
#include "order/service.h"
#include "order/watch.h"
#include "rpc/proto.h"

void watch_order_handle(struct lane *lane, struct call **calls, size_t n)
{
    struct arena *arena = lane_arena(lane);
    struct get_order *commands = arena_array_of(arena, struct get_order, n);

    for (size_t i = 0; i < n; i++) {
        const Bmt__Order__V1__WatchOrderRequest *request = call_request(calls[i]);

        call_command(calls[i], NULL, &commands[i].command);
        commands[i].order_id = proto_id_of(ID_ORDER, request->order_id);
    }
    batch_run(lane_session(lane), &get_order_plan, arena, commands, n, sizeof *commands);
    for (size_t i = 0; i < n; i++) {
        if (commands[i].command.err.id != ERR_NONE)
            stream_finish(calls[i], &commands[i].command.err);
        else
            order_watch_add(calls[i], commands[i].row, &commands[i].lines);
    }
}
