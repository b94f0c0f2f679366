/* The options of bmt-gateway: one table, of which the reader and the help are made; see gateway.h. */
#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "gateway.h"

#define TEXT(name, value, field, standard, sentence)                                             \
    {                                                                                            \
        name, value, offsetof(struct gateway_options, field), standard, false, 0, 0, 0, sentence \
    }
#define NUMBER(name, field, standard, min, max, sentence)                                            \
    {                                                                                                \
        name, "N", offsetof(struct gateway_options, field), NULL, true, standard, min, max, sentence \
    }

static const struct setting {
    const char *name;
    const char *value; /* what the help calls it */
    size_t at;
    const char *standard_text; /* NULL: none */
    bool is_number;
    int64_t standard;
    int64_t min;
    int64_t max;
    const char *sentence;
} settings[] = {
    TEXT("listen", "ADDRESS", listen, "127.0.0.1:7480", "or `unix:` and a path; loopback, a proxy stands before it"),
    TEXT("server", "ADDRESS", server, "127.0.0.1:7450", "bmtd"),
    TEXT("ca", "FILE", ca_file, NULL, "authorities of bmtd (PEM); without it the way there is not encrypted"),
    TEXT("origins", "LIST", origins, NULL, "origins of pages that may call and be returned to, with commas"),
    TEXT("metrics", "ADDRESS", metrics_listen, NULL, "/metrics and /healthz; off without it"),
    NUMBER("deadline-ms", deadline_ms, 10000, 1, 600000, "of a call, and the most that a page may ask for"),
    NUMBER("body-max", body_max, 262144, 1024, 4194304, "bytes of a request"),
    NUMBER("body-ms", body_ms, 30000, 1, 600000, "that a body may take to come"),
    NUMBER("connections", connections, 10000, 1, 100000, "at once"),
    NUMBER("connections-per-ip", connections_per_ip, 0, 0, 100000, "of one address; 0: no limit (a proxy has one)"),
    NUMBER("calls-per-token", calls_per_token, 1200, 0, 1000000, "in a minute, with one client token; 0: no limit"),
    NUMBER("streams-per-token", streams_per_token, 16, 0, 100000, "open at once with one token; 0: no limit"),
    TEXT("log", "LEVEL", log_level, "info", "debug, info, warn or error"),
    TEXT("ready-file", "FILE", ready_file, NULL, "write `<port> <metrics port>` there once serving"),
};

static void show_help(FILE *out)
{
    fputs("bmt-gateway: HTTP for pages and the payment SDK (Connect protocol), to bmtd over gRPC\n\n"
          "  bmt-gateway [options]           serve until SIGTERM or SIGINT\n\n",
          out);
    for (size_t i = 0; i < COUNT_OF(settings); i++) {
        const struct setting *one = &settings[i];
        const int n = fprintf(out, "  --%s %s", one->name, one->value);

        fprintf(out, "%*s%s", n < 32 ? 34 - n : 2, "", one->sentence);
        if (one->is_number)
            fprintf(out, "; %lld to %lld: %lld\n", (long long)one->min, (long long)one->max, (long long)one->standard);
        else
            fprintf(out, "%s%s\n", one->standard_text != NULL ? ": " : "",
                    one->standard_text != NULL ? one->standard_text : "");
    }
    fputs("  --help\n\nExit codes: 0 ended as asked, 1 failure, 2 wrong option, 5 address already in use.\n", out);
}

static int misuse(const char *option, const char *rule)
{
    fprintf(stderr, "bmt-gateway: %s %s\nbmt-gateway --help explains the options\n", option, rule);
    return EXIT_USAGE;
}

/* False for a number that is out of its range. */
static bool take(const struct setting *setting, const char *text, struct gateway_options *options)
{
    void *at = (char *)options + setting->at;
    char *end = NULL;
    long long n;

    if (!setting->is_number) {
        memcpy(at, &text, sizeof text);
        return true;
    }
    errno = 0;
    n = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || n < setting->min || n > setting->max)
        return false;
    *(int64_t *)at = n;
    return true;
}

int options_read(int argc, char **argv, struct gateway_options *options)
{
    struct option list[COUNT_OF(settings) + 2] = {{"help", no_argument, NULL, 0}};
    char name[64];
    int which;
    int at = 0;

    for (size_t i = 0; i < COUNT_OF(settings); i++) {
        list[i + 1] = (struct option){settings[i].name, required_argument, NULL, 0};
        if (settings[i].is_number)
            *(int64_t *)(void *)((char *)options + settings[i].at) = settings[i].standard;
        else
            (void)take(&settings[i], settings[i].standard_text, options);
    }
    while ((which = getopt_long(argc, argv, "", list, &at)) != -1) {
        if (which == '?')
            return misuse("the options", "are not as expected");
        if (at == 0) {
            show_help(stdout);
            return EXIT_OK;
        }
        snprintf(name, sizeof name, "--%s", list[at].name);
        if (!take(&settings[at - 1], optarg, options))
            return misuse(name, "is not a number in its range");
    }
    if (optind < argc)
        return misuse(argv[optind], "is not an option");
    return log_level_of(options->log_level, &options->level) ? OPTIONS_READ
                                                             : misuse("--log", "is not debug, info, warn or error");
}
