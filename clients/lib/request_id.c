/* Names of requests; see bmtclient.h. */
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "bmtclient.h"

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* 10 characters of time, 16 of chance, Crockford's base 32: sorts by time, like a ULID. */
const char *bmt_request_id(char *text)
{
    static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
    uint64_t time_part = now_ms();
    uint8_t chance[16];

    if (getrandom(chance, sizeof chance, 0) != (ssize_t)sizeof chance)
        abort();
    for (int i = 9; i >= 0; i--, time_part >>= 5)
        text[i] = digits[time_part & 31];
    for (int i = 0; i < 16; i++)
        text[10 + i] = digits[chance[i] & 31];
    text[26] = '\0';
    return text;
}
