/* Which pages may call, and what their browsers are told (https://fetch.spec.whatwg.org/#http-cors-protocol). */
#include <string.h>

#include "gateway.h"

bool cors_allows(const char *origins, const char *origin, size_t size)
{
    while (origins != NULL && *origins != '\0') {
        const size_t n = strcspn(origins, ",");

        if (n == size && memcmp(origins, origin, n) == 0)
            return true;
        origins += n + (origins[n] == ',');
    }
    return false;
}

void cors_add(const struct exchange *exchange, struct MHD_Response *response)
{
    /* Also where none came: a cache must not give one page's answer to another. */
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, "Origin");
    if (exchange->origin == NULL)
        return;
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_ORIGIN, exchange->origin);
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_EXPOSE_HEADERS, "Retry-After");
}

void cors_add_preflight(struct MHD_Response *response)
{
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_METHODS, "GET, POST");
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_HEADERS,
                                  "Authorization, Content-Type, Connect-Protocol-Version, Connect-Timeout-Ms");
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_MAX_AGE, "7200");
}
