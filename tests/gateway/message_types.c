/* See message_types.h. */
#include "message_types.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "bmt/business/v1/business.pb-c.h"
#include "bmt/order/v1/order.pb-c.h"
#include "bmt/payment/v1/payment.pb-c.h"
#include "bmt/product/v1/product.pb-c.h"
#include "bmt/settlement/v1/settlement.pb-c.h"

enum { TYPES_MAX = 1024 };

static const ProtobufCServiceDescriptor *const services[] = {
    &bmt__business__v1__business_service__descriptor,     &bmt__order__v1__order_service__descriptor,
    &bmt__payment__v1__payment_hub_service__descriptor,   &bmt__product__v1__product_service__descriptor,
    &bmt__settlement__v1__settlement_service__descriptor,
};

static const ProtobufCMessageDescriptor *types[TYPES_MAX];
static size_t n_types;

static void add(const ProtobufCMessageDescriptor *type)
{
    for (size_t i = 0; i < n_types; i++)
        if (types[i] == type)
            return;
    if (n_types == TYPES_MAX)
        abort();
    types[n_types++] = type;
    for (unsigned i = 0; i < type->n_fields; i++)
        if (type->fields[i].type == PROTOBUF_C_TYPE_MESSAGE)
            add(type->fields[i].descriptor);
}

void message_types_read(void)
{
    for (size_t i = 0; i < COUNT_OF(services); i++)
        for (unsigned j = 0; j < services[i]->n_methods; j++) {
            add(services[i]->methods[j].input);
            add(services[i]->methods[j].output);
        }
}

size_t message_types_count(void)
{
    return n_types;
}

const ProtobufCMessageDescriptor *message_types_at(size_t i)
{
    PRE(i < n_types);
    return types[i];
}

const ProtobufCMessageDescriptor *message_types_named(const char *name)
{
    for (size_t i = 0; i < n_types; i++)
        if (strcmp(types[i]->name, name) == 0)
            return types[i];
    return NULL;
}
