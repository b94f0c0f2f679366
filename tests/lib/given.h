/*
 * What a test begins with, in our words, made through the same plans that calls use. `sale` stands for one published
 * SKU with a price. All ids are of the business TEST_BIZ unless the name says otherwise.
 */
#ifndef BMT_TESTS_LIB_GIVEN_H
#define BMT_TESTS_LIB_GIVEN_H

#include "flows/close_order.h"
#include "flows/confirm_order.h"
#include "flows/order_paid.h"
#include "flows/place_order.h"
#include "lib/db.h"
#include "product/ops_catalogue.h"
#include "product/ops_inventory.h"

#define TEST_BIZ  INT64_C(1001)
#define OTHER_BIZ INT64_C(2002)

struct sale {
    int64_t spu_id;
    int64_t sku_id;
};

/* stock < 0: unlimited. A DURATION of 30 days a unit. */
struct sale given_sale(struct test_db *test, int64_t biz_id, const char *code, int64_t unit_minor, int64_t stock);
int64_t given_quote(struct test_db *test, const char *user_id, int64_t sku_id, int64_t quantity);

/* Runs one command of a plan; request_id NULL draws a fresh one. Returns the refusal's id, 0 when it succeeded. */
int act(struct test_db *test, struct batch_plan *plan, void *command, size_t size, const char *request_id);

/* Runs many commands in one batch, as calls that wait together; each then has its refusal in `err`. */
void act_together(struct test_db *test, struct batch_plan *plan, void *commands, size_t n, size_t size);

/* A command to place an order of one line; `place` fills, `act` with place_order_plan runs it. */
struct place_order place(struct test_db *test, const char *user_id, int64_t sku_id, int64_t quantity);
int64_t given_pending_order(struct test_db *test, const char *user_id, int64_t sku_id, int64_t quantity);

/* Money has arrived for the order. Returns what order_paid said of it. */
struct paid_order pay(struct test_db *test, int64_t order_id, int64_t payment_id, int64_t amount_minor);
int64_t given_fulfilled_order(struct test_db *test, const char *user_id, int64_t sku_id, int64_t quantity);

/* An enabled account of the sandbox channel, with its secrets; nobody is at its address. */
void given_channel(struct test_db *test, int64_t channel_account_id);

/* A payment of the order by account 5 that the channel has taken: of EUR, or of any currency less the channel's fee. */
void given_money(struct test_db *test, int64_t payment_id, int64_t order_id, int64_t amount_minor);
void given_money_of(struct test_db *test, int64_t payment_id, int64_t order_id, struct money amount, int64_t fee_minor);

int close_with(struct test_db *test, int64_t order_id, const char *request_id);

#endif
