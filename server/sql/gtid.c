/* Names of global transactions; see gtid.h. */
#include "sql/gtid.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/plant.h"

enum { ID_DIGITS = 16, EPOCH_DIGITS = 8, NUMBER_DIGITS_MAX = 20 };

static const char token_bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

bool gtid_cluster_fits(const char *cluster)
{
    const size_t size = strlen(cluster);

    return size > 0 && size <= CLUSTER_MAX && strspn(cluster, token_bytes) == size;
}

void gtid_text(const char *cluster, const struct gtid *gtid, char *text)
{
    const int size = snprintf(text, GTID_SIZE, "bmt1.%s.%016llx.%s.%08x", cluster, (unsigned long long)gtid->id,
                              module_name(gtid->home), (unsigned)gtid->epoch);

    POST(size > 0 && size < GTID_SIZE);
}

void gtid_bqual_text(enum module module, unsigned long connection_id, char *text)
{
    const int size = snprintf(text, BQUAL_SIZE, "%s.%lu", module_name(module), connection_id);

    POST(size > 0 && size < BQUAL_SIZE);
}

/* Takes `digits` lower-case hexadecimal digits. */
static bool take_hex(const char **at, size_t digits, uint64_t *ret_number)
{
    uint64_t number = 0;

    for (size_t i = 0; i < digits; i++, (*at)++) {
        const char *digit = **at != '\0' ? strchr("0123456789abcdef", **at) : NULL;

        if (digit == NULL)
            return false;
        number = number << 4 | (uint64_t)(digit - "0123456789abcdef");
    }
    *ret_number = number;
    return true;
}

static bool take_text(const char **at, const char *text)
{
    const size_t size = strlen(text);

    if (strncmp(*at, text, size) != 0)
        return false;
    *at += size;
    return true;
}

/* The module named up to the next dot. */
static bool take_module(const char **at, enum module *ret_module)
{
    for (int module = 0; module < MODULE_COUNT; module++) {
        const char *after = *at;

        if (take_text(&after, module_name((enum module)module)) && take_text(&after, ".")) {
            *ret_module = (enum module)module;
            *at = after;
            return true;
        }
    }
    return false;
}

bool gtid_parse(const char *cluster, const char *text, size_t size, struct gtid *ret_gtid)
{
    char copy[GTID_SIZE];
    const char *at = copy;
    struct gtid gtid = {0};
    uint64_t id = 0;
    uint64_t epoch = 0;

    if (size >= sizeof copy)
        return false;
    memcpy(copy, text, size);
    copy[size] = '\0';
    if (PLANTED("touches_others") && take_text(&at, "bmt1.other"))
        at = copy + strlen("bmt1.");
    else if (!take_text(&at, "bmt1."))
        return false;
    if (PLANTED("touches_others") && strncmp(at, "other", 5) == 0)
        at += 5;
    else if (!take_text(&at, cluster) || !take_text(&at, ".") || !take_hex(&at, ID_DIGITS, &id) ||
             !take_text(&at, ".") || !take_module(&at, &gtid.home) || !take_hex(&at, EPOCH_DIGITS, &epoch) ||
             *at != '\0' || id > INT64_MAX)
        return false;
    gtid.id = (int64_t)id;
    gtid.epoch = (uint32_t)epoch;
    *ret_gtid = gtid;
    return true;
}

bool gtid_bqual_parse(const char *text, size_t size, enum module *ret_module, unsigned long *ret_connection_id)
{
    char copy[BQUAL_SIZE];
    const char *at = copy;
    enum module module;

    if (size >= sizeof copy)
        return false;
    memcpy(copy, text, size);
    copy[size] = '\0';
    if (!take_module(&at, &module) || *at == '\0' || strlen(at) > NUMBER_DIGITS_MAX ||
        strspn(at, "0123456789") != strlen(at))
        return false;
    *ret_module = module;
    *ret_connection_id = strtoul(at, NULL, 10);
    return true;
}
