/* The list of modules; see module.h. */
#include "sql/module.h"

#include <string.h>

#include "base/check.h"

static const struct {
    const char *name;
    const char *schema;
} modules[MODULE_COUNT] = {
    [MODULE_PLATFORM] = {"platform", "bmt_platform"}, [MODULE_BUSINESS] = {"business", "bmt_business"},
    [MODULE_PRODUCT] = {"product", "bmt_product"},    [MODULE_ORDER] = {"order", "bmt_order"},
    [MODULE_PAYMENT] = {"payment", "bmt_payment"},    [MODULE_SETTLEMENT] = {"settlement", "bmt_settlement"},
};

const char *module_name(enum module module)
{
    PRE(module < MODULE_COUNT);

    return modules[module].name;
}

const char *module_schema(enum module module)
{
    PRE(module < MODULE_COUNT);

    return modules[module].schema;
}

enum module module_of_name(const char *name)
{
    for (int i = 0; i < MODULE_COUNT; i++)
        if (strcmp(modules[i].name, name) == 0)
            return (enum module)i;
    return MODULE_COUNT;
}
