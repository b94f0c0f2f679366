/* ProductService: the table of its methods. Reading and answering: service_catalogue.c, service_inventory.c. */
#include "product/service.h"

#include "bmt/product/v1/product.pb-c.h"
#include "product/ops_catalogue.h"
#include "product/ops_inventory.h"
#include "product/product.h"

static const struct rpc_method methods[] = {
    {"CreateSpu", RPC_BATCH(create_spu)},
    {"GetSpu", RPC_BATCH(get_spu)},
    {"ListSpus", RPC_BATCH(list_spus)},
    {"UpdateSpu", RPC_BATCH_AS(update_spu, edit_spu)},
    {"PublishSpu", RPC_BATCH_AS(publish_spu, edit_spu)},
    {"UnpublishSpu", RPC_BATCH_AS(unpublish_spu, edit_spu)},
    {"CreateSku", RPC_BATCH(create_sku)},
    {"GetSku", RPC_BATCH(get_sku)},
    {"ListSkus", RPC_BATCH(list_skus)},
    {"UpdateSku", RPC_BATCH_AS(update_sku, edit_sku)},
    {"PublishSku", RPC_BATCH_AS(publish_sku, edit_sku)},
    {"UnpublishSku", RPC_BATCH_AS(unpublish_sku, edit_sku)},
    {"CreatePriceVersion", RPC_BATCH(create_price)},
    {"ListPriceVersions", RPC_BATCH(list_prices)},
    {"SetStock", RPC_BATCH_AS(set_stock, change_stock)},
    {"AdjustStock", RPC_BATCH_AS(adjust_stock, change_stock)},
    {"GetStock", RPC_BATCH(get_stock)},
    {"QuotePrice", RPC_BATCH(quote_price)},
    {"GetQuote", RPC_BATCH(get_quote)},
    {"GetEntitlement", RPC_BATCH(get_entitlement)},
    {"ListEntitlements", RPC_BATCH(list_entitlements)},
    {"CheckEntitlement", RPC_BATCH(check_entitlement)},
    RPC_LATER("ConsumeEntitlement"),
    RPC_LATER("CreatePromotion"),
    RPC_LATER("GetPromotion"),
    RPC_LATER("ListPromotions"),
    RPC_LATER("EndPromotion"),
    RPC_LATER("SetPurchaseRules"),
    RPC_LATER("GetPurchaseRules"),
};

const struct rpc_service product_service = RPC_SERVICE(bmt__product__v1__product_service__descriptor, methods);

void product_set_quote_life(int64_t quote_lives_ms)
{
    product_quote_lives_ms = quote_lives_ms;
}
