/*
 * A payer who comes back from a channel's page: `/returns?to=URL`, by GET or, as some channels have it, by POST; see
 * gateway.h. So a channel needs to know one address of ours only, and the page gets none of the channel's parameters:
 * it asks what became of the payment. Nothing is called, so nothing changes by it.
 *
 * It leads to pages of --origins and to nowhere else: where it led anywhere, a link to us could end at a stranger's
 * page.
 */
#include <string.h>

#include "gateway.h"

enum { URL_MAX_SIZE = 2048 };

bool pay_return_is(const char *path)
{
    return strcmp(path, "/returns") == 0;
}

/* Of what a browser would take for its origin: up to the first `/`, `?` or `#` behind `https://`; a `\` is none. */
static size_t origin_size(const char *url)
{
    const char *host = strstr(url, "://");

    return host != NULL ? (size_t)(host + 3 - url) + strcspn(host + 3, "/?#") : 0;
}

/* No blank and nothing that is not printed, which browsers leave out before they read the rest. */
static bool is_plain(const char *url, size_t size)
{
    if (size == 0 || size > URL_MAX_SIZE)
        return false;
    for (size_t i = 0; i < size; i++)
        if (url[i] <= ' ' || url[i] > '~')
            return false;
    return true;
}

void pay_return_answer(struct exchange *exchange)
{
    size_t size = 0;
    const char *url = http_argument(exchange, "to", &size);

    if (url == NULL || !is_plain(url, size) ||
        !cors_allows(exchange->gateway->options.origins, url, origin_size(url))) {
        answer_refusal(exchange, CONNECT_PERMISSION_DENIED, "RETURN_NOT_ALLOWED",
                       "`to` is no URL of a page that the gateway's --origins names");
        return;
    }
    answer_status(exchange, MHD_HTTP_SEE_OTHER);
    exchange->location = arena_strdup(exchange->arena, url);
}
