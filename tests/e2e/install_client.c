/* A caller of the installed client library: install_client ADDRESS API_KEY ORDER_ID prints what reading that order
 * gives. */
#include <stdio.h>

#include <bmt/order/v1/order.pb-c.h>
#include <bmtclient.h>

int main(int argc, char **argv)
{
    struct bmt_error error = {0};

    if (argc != 4)
        return 2;
    struct bmt_client_options options = {.address = argv[1], .api_key = argv[2]};
    struct bmt_client *client = bmt_client_new(&options, &error);
    Bmt__Order__V1__GetOrderRequest request = BMT__ORDER__V1__GET_ORDER_REQUEST__INIT;
    ProtobufCMessage *reply = NULL;

    request.order_id = argv[3];
    if (client != NULL &&
        bmt_call(client, &bmt__order__v1__order_service__descriptor, "GetOrder", &request.base, &reply, &error) == 0) {
        puts(((Bmt__Order__V1__GetOrderResponse *)reply)->order->user_id);
        protobuf_c_message_free_unpacked(reply, NULL);
    } else {
        puts(error.reason);
    }
    bmt_client_free(client);
    return 0;
}
