/* Contexts: named servers with their keys, in one JSON file of mode 0600 (BMT_CONFIG or ~/.config/bmt/contexts.json).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

static const char *file_path(void)
{
    static char path[PATH_MAX];
    const char *home = getenv("HOME");

    if (getenv("BMT_CONFIG") != NULL)
        return getenv("BMT_CONFIG");
    snprintf(path, sizeof path, "%s/.config/bmt/contexts.json", home != NULL ? home : ".");
    return path;
}

/* An empty book when there is no file; NULL after a line when it cannot be used. */
static json_t *load(void)
{
    struct stat info;
    json_error_t error;
    json_t *book;

    if (stat(file_path(), &info) != 0)
        return json_pack("{s:s, s:{}}", "current", "", "contexts");
    if ((info.st_mode & 077) != 0) {
        fprintf(stderr, "bmtctl: %s is readable by others, make it mode 0600\n", file_path());
        return NULL;
    }
    book = json_load_file(file_path(), 0, &error);
    if (book == NULL || !json_is_object(json_object_get(book, "contexts"))) {
        fprintf(stderr, "bmtctl: %s is no book of contexts: %s\n", file_path(), book == NULL ? error.text : "");
        json_decref(book);
        return NULL;
    }
    return book;
}

static void make_folders(const char *path)
{
    char folder[PATH_MAX];

    snprintf(folder, sizeof folder, "%s", path);
    for (char *at = folder + 1; *at != '\0'; at++)
        if (*at == '/') {
            *at = '\0';
            mkdir(folder, 0700);
            *at = '/';
        }
}

/* Written beside and moved into place, so that a full disk loses nothing. */
static int save(const json_t *book)
{
    char beside[PATH_MAX];
    int file;

    make_folders(file_path());
    snprintf(beside, sizeof beside, "%s.new", file_path());
    file = open(beside, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || json_dumpfd(book, file, JSON_INDENT(2)) != 0 || close(file) != 0 ||
        rename(beside, file_path()) != 0) {
        fprintf(stderr, "bmtctl: %s: %s\n", file_path(), strerror(errno));
        return EXIT_FAILED;
    }
    return EXIT_OK;
}

static const char *keep(const json_t *context, const char *name)
{
    const char *text = json_string_value(json_object_get(context, name));

    return text != NULL && text[0] != '\0' ? strdup(text) : NULL;
}

/* What options and environment have left open comes from the context. */
int cli_context_load(struct cli_settings *settings)
{
    json_t *book = load();
    const char *name;
    const json_t *context;

    if (book == NULL)
        return EXIT_USAGE;
    name = settings->context != NULL ? settings->context : json_string_value(json_object_get(book, "current"));
    context = json_object_get(json_object_get(book, "contexts"), name != NULL ? name : "");
    if (context == NULL && settings->context != NULL) {
        fprintf(stderr, "bmtctl: there is no context '%s'\n", settings->context);
        json_decref(book);
        return EXIT_USAGE;
    }
    if (settings->address == NULL)
        settings->address = keep(context, "address");
    if (settings->api_key == NULL)
        settings->api_key = keep(context, "api_key");
    if (settings->business == NULL)
        settings->business = keep(context, "business");
    if (settings->ca_file == NULL)
        settings->ca_file = keep(context, "ca_file");
    if (settings->certificate_file == NULL)
        settings->certificate_file = keep(context, "certificate_file");
    if (settings->key_file == NULL)
        settings->key_file = keep(context, "key_file");
    json_decref(book);
    return EXIT_OK;
}

/* Names and addresses; keys are never shown. */
static void list(const json_t *book)
{
    const char *current = json_string_value(json_object_get(book, "current"));
    const char *name;
    json_t *context;

    json_object_foreach(json_object_get(book, "contexts"), name, context) {
        const char *address = json_string_value(json_object_get(context, "address"));

        printf("%s %-16s %s\n", current != NULL && strcmp(current, name) == 0 ? "*" : " ", name,
               address != NULL ? address : "");
    }
}

static void put(json_t *context, const char *name, const char *value)
{
    if (value != NULL)
        json_object_set_new(context, name, json_string(value));
}

/* What is not given again stays as it was. */
static int set(json_t *book, const char *name)
{
    json_t *contexts = json_object_get(book, "contexts");
    json_t *context = json_object_get(contexts, name);

    if (!json_is_object(context)) {
        context = json_pack("{s:s}", "address", "127.0.0.1:7450");
        json_object_set_new(contexts, name, context);
    }
    put(context, "address", cli.address);
    put(context, "api_key", cli.api_key);
    put(context, "business", cli.business);
    put(context, "ca_file", cli.ca_file);
    put(context, "certificate_file", cli.certificate_file);
    put(context, "key_file", cli.key_file);
    if (json_string_length(json_object_get(book, "current")) == 0)
        json_object_set_new(book, "current", json_string(name));
    return save(book);
}

static int use(json_t *book, const char *name)
{
    if (json_object_get(json_object_get(book, "contexts"), name) == NULL)
        return fprintf(stderr, "bmtctl: there is no context '%s'\n", name), EXIT_USAGE;
    json_object_set_new(book, "current", json_string(name));
    return save(book);
}

int cli_context_run(int argc, char **argv)
{
    const char *verb = argc > 0 ? argv[0] : "list";
    json_t *book = load();
    int rc = EXIT_OK;

    if (book == NULL)
        return EXIT_USAGE;
    if (strcmp(verb, "list") == 0 || strcmp(verb, "show") == 0)
        list(book);
    else if (strcmp(verb, "set") == 0 && argc == 2)
        rc = set(book, argv[1]);
    else if (strcmp(verb, "use") == 0 && argc == 2)
        rc = use(book, argv[1]);
    else
        rc = (fputs("bmtctl: context list | show | set NAME [--address ...] | use NAME\n", stderr), EXIT_USAGE);
    json_decref(book);
    return rc;
}
