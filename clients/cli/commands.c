/* THE list of commands: what can be done with which noun. Options are the fields of the method's request. */
#include "bmt/business/v1/business.pb-c.h"
#include "bmt/order/v1/order.pb-c.h"
#include "bmt/payment/v1/payment.pb-c.h"
#include "bmt/product/v1/product.pb-c.h"
#include "bmt/reconcile/v1/reconcile.pb-c.h"
#include "bmt/recovery/v1/recovery.pb-c.h"
#include "bmt/sandbox/v1/sandbox.pb-c.h"
#include "bmt/settlement/v1/settlement.pb-c.h"
#include "cli.h"

#define BUSINESS   &bmt__business__v1__business_service__descriptor
#define PRODUCT    &bmt__product__v1__product_service__descriptor
#define ORDER      &bmt__order__v1__order_service__descriptor
#define PAYMENT    &bmt__payment__v1__payment_hub_service__descriptor
#define RECONCILE  &bmt__reconcile__v1__reconcile_service__descriptor
#define RECOVERY   &bmt__recovery__v1__recovery_service__descriptor
#define SANDBOX    &bmt__sandbox__v1__sandbox_service__descriptor
#define SETTLEMENT &bmt__settlement__v1__settlement_service__descriptor

const struct cli_command cli_commands[] = {
    {"business", "register", BUSINESS, "RegisterBusiness", "code", false, NULL, "register a business"},
    {"business", "get", BUSINESS, "GetBusiness", "business_id", false, NULL, "show a business"},
    {"business", "list", BUSINESS, "ListBusinesses", NULL, false, NULL, "list businesses"},
    {"business", "update", BUSINESS, "UpdateBusiness", "business_id", false, NULL, "change what --update-mask names"},
    {"key", "issue", BUSINESS, "IssueApiKey", NULL, false, NULL, "issue an API key; it is shown once"},
    {"key", "list", BUSINESS, "ListApiKeys", NULL, false, NULL, "list API keys"},
    {"key", "rotate", BUSINESS, "RotateApiKey", "api_key_id", false, NULL, "issue a successor of a key"},
    {"key", "revoke", BUSINESS, "RevokeApiKey", "api_key_id", false, NULL, "revoke a key"},
    {"token", "issue", BUSINESS, "IssueClientToken", "user_id", false, NULL, "issue a client token for a user's page"},
    {"product", "create", PRODUCT, "CreateSpu", "code", false, NULL, "create an SPU"},
    {"product", "get", PRODUCT, "GetSpu", "spu_id", false, NULL, "show an SPU"},
    {"product", "list", PRODUCT, "ListSpus", NULL, false, NULL, "list SPUs"},
    {"product", "update", PRODUCT, "UpdateSpu", "spu_id", false, NULL, "change what --update-mask names"},
    {"product", "publish", PRODUCT, "PublishSpu", "spu_id", false, NULL, "put an SPU on sale"},
    {"product", "unpublish", PRODUCT, "UnpublishSpu", "spu_id", false, NULL, "take an SPU off sale"},
    {"sku", "create", PRODUCT, "CreateSku", "code", false, NULL,
     "create an SKU; --grant '{\"kind\":\"DURATION\",\"amount\":2592000}'"},
    {"sku", "get", PRODUCT, "GetSku", "sku_id", false, NULL, "show an SKU"},
    {"sku", "list", PRODUCT, "ListSkus", NULL, false, NULL, "list SKUs"},
    {"sku", "update", PRODUCT, "UpdateSku", "sku_id", false, NULL, "change what --update-mask names"},
    {"sku", "publish", PRODUCT, "PublishSku", "sku_id", false, NULL, "put an SKU on sale"},
    {"sku", "unpublish", PRODUCT, "UnpublishSku", "sku_id", false, NULL, "take an SKU off sale"},
    {"price", "create", PRODUCT, "CreatePriceVersion", "sku_id", false, NULL, "add a price; --unit-price '12.50 EUR'"},
    {"price", "list", PRODUCT, "ListPriceVersions", "sku_id", false, NULL, "list prices of an SKU"},
    {"stock", "get", PRODUCT, "GetStock", "sku_id", false, NULL, "show the stock of an SKU"},
    {"stock", "set", PRODUCT, "SetStock", "sku_id", false, NULL, "set the stock; --kind COUNTED --total 100"},
    {"stock", "adjust", PRODUCT, "AdjustStock", "sku_id", false, NULL,
     "add units, or take away with a negative --delta"},
    {"quote", "create", PRODUCT, "QuotePrice", "user_id", false, NULL, "price lines for a user; --line SKU:QUANTITY"},
    {"quote", "get", PRODUCT, "GetQuote", "quote_id", false, NULL, "show a quote"},
    {"entitlement", "get", PRODUCT, "GetEntitlement", "lot_id", false, NULL, "show an entitlement lot"},
    {"entitlement", "list", PRODUCT, "ListEntitlements", "user_id", false, NULL, "list a user's lots"},
    {"entitlement", "check", PRODUCT, "CheckEntitlement", "user_id", false, NULL, "is the user entitled to --spu-id?"},
    {"order", "create", ORDER, "CreateOrder", "user_id", false, NULL,
     "create an order; --quote-id, or --line SKU:QUANTITY --currency"},
    {"order", "get", ORDER, "GetOrder", "order_id", false, NULL, "show an order"},
    {"order", "list", ORDER, "ListOrders", NULL, false, NULL, "list orders; --user-id --state --create-time-from"},
    {"order", "events", ORDER, "ListOrderEvents", "order_id", false, NULL, "list what happened to an order"},
    {"order", "why", ORDER, "ListOrderEvents", "order_id", false, cli_order_why,
     "tell the story of an order, and what happens next"},
    {"order", "watch", ORDER, "WatchOrder", "order_id", false, cli_watch, "follow an order until it is settled"},
    {"order", "pay", ORDER, "PayOrder", "order_id", true, NULL, "begin a payment; --channel-account-id"},
    {"order", "cancel", ORDER, "CancelOrder", "order_id", true, NULL, "cancel an order that waits for money"},
    {"order", "confirm", ORDER, "ConfirmOrder", "order_id", false, NULL, "complete a fulfilled order"},
    {"order", "refund", ORDER, "RefundOrder", "order_id", true, NULL,
     "pay an order back, or a part; --lines '[{\"line_no\":1,\"quantity\":1}]' --amount '5.00 EUR'"},
    {"refund", "get", ORDER, "GetRefund", "refund_id", false, NULL, "show a refund"},
    {"payment", "create", PAYMENT, "CreatePayment", "user_id", true, NULL,
     "charge a user for no order; --channel-account-id --amount '5.00 EUR'"},
    {"payment", "get", PAYMENT, "GetPayment", "payment_id", false, NULL, "show a payment"},
    {"payment", "list", PAYMENT, "ListPayments", NULL, false, NULL, "list payments; --order-id"},
    {"payment", "query", PAYMENT, "QueryPayment", "payment_id", false, NULL, "ask the channel for the truth"},
    {"payment", "close", PAYMENT, "ClosePayment", "payment_id", true, NULL, "close a payment at the channel"},
    {"payment", "refund", PAYMENT, "RefundPayment", "payment_id", true, NULL,
     "pay a charge of no order back, or a part; --amount '5.00 EUR'"},
    {"channel", "create", PAYMENT, "CreateChannelAccount", "code", false, NULL, "create an account at a channel"},
    {"channel", "get", PAYMENT, "GetChannelAccount", "channel_account_id", false, NULL, "show a channel account"},
    {"channel", "list", PAYMENT, "ListChannelAccounts", NULL, false, NULL, "list channel accounts"},
    {"channel", "update", PAYMENT, "UpdateChannelAccount", "channel_account_id", false, NULL,
     "change what --update-mask names"},
    {"statement", "import", PAYMENT, "ImportStatement", "channel_account_id", false, NULL,
     "compare a channel's statement with the payments; --date 2026-07-01 --file PATH"},
    {"partner", "create", SETTLEMENT, "CreatePartner", "code", false, NULL,
     "create a partner; --title --currency --schedule MONTHLY --time-zone Europe/Berlin"},
    {"partner", "get", SETTLEMENT, "GetPartner", "partner_id", false, NULL, "show a partner"},
    {"partner", "list", SETTLEMENT, "ListPartners", NULL, false, NULL, "list partners"},
    {"partner", "update", SETTLEMENT, "UpdatePartner", "partner_id", false, NULL, "change what --update-mask names"},
    {"rule", "create", SETTLEMENT, "CreateSplitRule", "scope", false, NULL,
     "divide what is sold: BUSINESS, SPU, SKU; "
     "--parts '[{\"level\":1,\"partner_id\":\"ptn_...\",\"kind\":\"BASIS_POINTS\",\"value\":7000}]'"},
    {"rule", "end", SETTLEMENT, "EndSplitRule", "split_rule_id", false, NULL, "end a rule, now or at --to-time"},
    {"rule", "get", SETTLEMENT, "GetSplitRule", "split_rule_id", false, NULL, "show a rule"},
    {"rule", "list", SETTLEMENT, "ListSplitRules", NULL, false, NULL, "list rules"},
    {"reconcile", "run", RECONCILE, "StartRun", NULL, false, cli_reconcile_run,
     "look for breaks in everything, or in what was created --from-time; -q does not wait"},
    {"reconcile", "runs", RECONCILE, "ListRuns", NULL, false, NULL, "list runs"},
    {"reconcile", "list", RECONCILE, "ListBreaks", NULL, false, NULL,
     "list open breaks; --state GONE --kind ORDER_STUCK"},
    {"reconcile", "show", RECONCILE, "GetBreak", "break_id", false, NULL, "show a break and the repair proposed"},
    {"reconcile", "close", RECONCILE, "CloseBreak", "break_id", true, NULL,
     "close a break that someone has looked at, --reason says why"},
    {"reconcile", "repair", RECONCILE, "RepairBreak", "break_id", false, cli_reconcile_repair,
     "tell what would be done, and once confirmed do it; --reason; --dry-run true only tells"},
    {"txn", "list", RECOVERY, "ListTransactions", NULL, false, NULL, "list global transactions with prepared branches"},
    {"txn", "show", RECOVERY, "GetTransaction", "gtid", false, NULL, "show a global transaction"},
    {"txn", "why", RECOVERY, "GetTransaction", "gtid", false, cli_txn_why, "tell why a transaction is where it is"},
    {"txn", "retry", RECOVERY, "RetryTransaction", "gtid", false, NULL,
     "recover a transaction now, by the rule that recovery follows"},
    {"clock", "get", SANDBOX, "GetClock", NULL, false, NULL, "show the sandbox's clock"},
    {"clock", "set", SANDBOX, "SetClock", "now", false, NULL, "set the sandbox's clock forward"},
    {"clock", "advance", SANDBOX, "AdvanceClock", "by", false, NULL,
     "move the sandbox's clock by a duration such as 15m or 30d"},
};

const size_t cli_commands_count = sizeof cli_commands / sizeof cli_commands[0];
