/* What the benchmarks buy: SKUs with more counted stock than a run can sell, one that is sold out, and requests. */
#ifndef BMT_TESTS_BENCH_SHOP_H
#define BMT_TESTS_BENCH_SHOP_H

#include <stddef.h>
#include <stdint.h>

#include "bench/load.h"

enum { SHOP_SKUS = 100, SHOP_ORDERS_A_BATCH = 16 };

/* Ends the process with a line on stderr. */
_Noreturn void give_up(const char *what, const struct bmt_error *error);

void shop_set_up(struct bmt_client *client);
const int64_t *shop_sku_ids(void);
const char *shop_spu_id(void); /* of all of them */

/* From now on orders name this instead of what the server has set. */
void shop_orders_expire_in(int64_t seconds);

/* One order a call: of any SKU; of one SKU; 1 % repeats and 1 % sold out among them. And 16 orders a call. */
extern const struct load load_create_order;
extern const struct load load_create_order_hot;
extern const struct load load_create_order_dirty;
extern const struct load load_batch_create;
/* Of orders that were made before; there must be some. */
extern const struct load load_get_order;
/* A method that does nothing. */
extern const struct load load_echo;

size_t shop_orders_made(void);

#endif
