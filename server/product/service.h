/* The parts of the product service that stand in service_catalogue.c and service_inventory.c; for this room alone. */
#ifndef BMT_PRODUCT_SERVICE_H
#define BMT_PRODUCT_SERVICE_H

#include "rpc/service.h"

RPC_PARTS(create_spu);
RPC_PARTS(get_spu);
RPC_PARTS(list_spus);
RPC_PARTS(update_spu);
RPC_PARTS(publish_spu);
RPC_PARTS(unpublish_spu);
RPC_PARTS(create_sku);
RPC_PARTS(get_sku);
RPC_PARTS(list_skus);
RPC_PARTS(update_sku);
RPC_PARTS(publish_sku);
RPC_PARTS(unpublish_sku);
RPC_PARTS(create_price);
RPC_PARTS(list_prices);
RPC_PARTS(set_stock);
RPC_PARTS(adjust_stock);
RPC_PARTS(get_stock);
RPC_PARTS(quote_price);
RPC_PARTS(get_quote);
RPC_PARTS(get_entitlement);
RPC_PARTS(list_entitlements);
RPC_PARTS(check_entitlement);

#endif
