/*
 * The modules that own schemas. Which server holds which schema is the resource map of the configuration; the
 * business code never knows.
 */
#ifndef BMT_SQL_MODULE_H
#define BMT_SQL_MODULE_H

enum module {
    MODULE_PLATFORM, /* jobs, replicas, the sandbox's clock */
    MODULE_BUSINESS,
    MODULE_PRODUCT,
    MODULE_ORDER,
    MODULE_PAYMENT,
    MODULE_SETTLEMENT,
    MODULE_COUNT,
};

/* `order`, and the schema `bmt_order`. */
const char *module_name(enum module module);
const char *module_schema(enum module module);

/* MODULE_COUNT when no module has the name. */
enum module module_of_name(const char *name);

#endif
