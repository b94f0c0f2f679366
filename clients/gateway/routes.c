/* Which methods pages may call; see gateway.h. The protos say it: the role BROWSER in the rule of a method. */
#include <stdlib.h>
#include <string.h>

#include "bmt/business/v1/business.pb-c.h"
#include "bmt/order/v1/order.pb-c.h"
#include "bmt/payment/v1/payment.pb-c.h"
#include "bmt/product/v1/product.pb-c.h"
#include "gateway.h"
#include "rpc/contract.h"

/* protobuf-c knows no list of services. */
static const ProtobufCServiceDescriptor *const services[] = {
    &bmt__business__v1__business_service__descriptor,
    &bmt__order__v1__order_service__descriptor,
    &bmt__payment__v1__payment_hub_service__descriptor,
    &bmt__product__v1__product_service__descriptor,
};

static int compare_paths(const void *left, const void *right)
{
    return strcmp(((const struct route *)left)->path, ((const struct route *)right)->path);
}

static bool is_for_pages(const ProtobufCServiceDescriptor *service, const ProtobufCMethodDescriptor *method,
                         struct contract_method *ret_rule)
{
    return contract_find_method(contract_embedded(), service->name, method->name, ret_rule) &&
           contract_allows(ret_rule, ROLE_BROWSER) && !ret_rule->is_client_streaming;
}

void routes_read(struct gateway *gateway)
{
    struct route *routes;
    size_t n = 0;

    for (size_t i = 0; i < COUNT_OF(services); i++)
        n += services[i]->n_methods;
    routes = arena_array_of(gateway->arena, struct route, n);
    n = 0;
    for (size_t i = 0; i < COUNT_OF(services); i++) {
        for (unsigned j = 0; j < services[i]->n_methods; j++) {
            const ProtobufCMethodDescriptor *method = &services[i]->methods[j];
            struct contract_method rule;

            if (!is_for_pages(services[i], method, &rule))
                continue;
            routes[n++] = (struct route){
                .path = arena_printf(gateway->arena, "/%s/%s", services[i]->name, method->name),
                .service = services[i],
                .method = method,
                .has_no_side_effects = rule.idempotency == IDEMPOTENCY_NO_SIDE_EFFECTS,
                .is_stream = rule.is_server_streaming,
            };
        }
    }
    qsort(routes, n, sizeof *routes, compare_paths);
    gateway->routes = routes;
    gateway->notification.service = &bmt__payment__v1__payment_hub_service__descriptor;
    gateway->notification.method =
        protobuf_c_service_descriptor_get_method_by_name(gateway->notification.service, "HandleNotification");
    gateway->n_routes = n;
}

const struct route *routes_find(const struct gateway *gateway, const char *path)
{
    const struct route wanted = {.path = path};

    return bsearch(&wanted, gateway->routes, gateway->n_routes, sizeof wanted, compare_paths);
}
