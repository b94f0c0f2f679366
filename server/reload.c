/* Reading the settings again; see reload.h. */
#include "reload.h"

#include <stdlib.h>
#include <string.h>

#include "base/conf_reload.h"
#include "base/log.h"
#include "business/terms.h"
#include "payment/payment.h"
#include "product/product.h"
#include "rpc/call_log.h"

enum { ARENA_MAX = 1 << 20 };

static const char *path;
static struct conf live;
static struct arena *arena; /* of what the last reading has taken over; NULL: nothing yet */

void settings_apply(const struct conf *conf)
{
    enum log_level level;

    if (log_level_of(conf->log_level, &level)) /* it was checked when it was read */
        log_set_level(level);
    call_log_enable(conf->log_calls);
    business_set_order_terms(conf->order_expires_in_s * 1000, conf->order_confirm_after_s * 1000);
    product_set_quote_life(conf->product_quote_lives_s * 1000);
    payment_set_timeout(conf->payment_channel_timeout_ms);
}

void reload_begin(const char *settings_path, const struct conf *conf)
{
    path = settings_path;
    live = *conf;
}

static void tell(const struct conf_change *change)
{
    if (change->is_taken)
        log_info("setting changed", log_text("setting", change->path), log_text("before", change->before),
                 log_text("after", change->after));
    else
        log_warn("setting differs in the file, it needs a new start", log_text("setting", change->path),
                 log_text("now", change->before), log_text("file", change->after));
}

static bool read_file(struct arena *into, struct conf *ret_conf, FILE *problems)
{
    enum log_level level;

    if (conf_load(path, into, ret_conf, problems) != 0)
        return false;
    if (log_level_of(ret_conf->log_level, &level))
        return true;
    fprintf(problems, "log.level must be debug, info, warn or error, not \"%s\"", ret_conf->log_level);
    return false;
}

void reload_settings(void)
{
    struct arena *fresh = arena_new(ARENA_MAX);
    char text[1024] = "";
    struct conf conf;
    FILE *problems = fmemopen(text, sizeof text - 1, "w");

    INVARIANT(problems != NULL);
    const bool is_right = read_file(fresh, &conf, problems);

    fclose(problems);
    if (!is_right) {
        log_error("settings not read again, going on with those from before", log_text("problems", text));
        arena_free(fresh);
        return;
    }
    conf_take(&live, &conf, fresh, tell);
    settings_apply(&live);
    log_info("settings read again", log_text("file", path));
    if (arena != NULL)
        arena_free(arena);
    arena = fresh;
}
