/* The resource map and what must go with it, as it is read before any server is called. */
#include "lib/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/conf.h"
#include "sql/db.h"

#define ONE "servers = ( { name = \"a\"; socket = \"/s\"; user = \"u\"; } );"
#define TWO                                                                                                           \
    "servers = ( { name = \"a\"; socket = \"/s\"; user = \"u\"; }, { name = \"b\"; socket = \"/t\"; user = \"u\"; } " \
    ");"
#define SPLIT "modules = ( { module = \"product\"; server = \"b\"; } );"
#define XA    "commit_mode = \"xa\";"

static void settings_that_cannot_hold_are_told(void **state)
{
    static const struct {
        const char *mode;
        const char *database;
        const char *told; /* NULL: fine */
    } cases[] = {
        {"production", ONE, NULL},
        {"production", XA ONE, NULL}, /* nothing spans servers */
        {"production", XA TWO SPLIT, "not the default 'bmt'"},
        {"production", XA TWO SPLIT "cluster = \"eu-1\";", NULL},
        {"production", XA TWO SPLIT "cluster = \"a.b\";", "letters, digits"},
        {"sandbox", XA TWO SPLIT, NULL},
        {"sandbox", TWO SPLIT, "commit_mode 'one' needs all modules on one server"},
        {"sandbox", "commit_mode = \"two\";" ONE, "'one' or 'xa'"},
        {"sandbox", ONE "modules = ( { module = \"x\"; server = \"a\"; } );", "there is no module 'x'"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena *arena CLEANUP(arena_cleanup) = arena_new(1 << 20);
        char path[] = "/tmp/bmt-conf-XXXXXX";
        char told[512] = "";
        FILE *problems = fmemopen(told, sizeof told - 1, "w");
        FILE *file = fdopen(mkstemp(path), "w");
        struct conf conf;
        struct db *db = NULL;

        fprintf(file, "mode = \"%s\"; database: { %s };\n", cases[i].mode, cases[i].database);
        fclose(file);
        assert_int_equal(conf_load(path, arena, &conf, stderr), 0);
        unlink(path);
        assert_int_equal(db_open(&conf, arena, &db, problems), cases[i].told == NULL ? 0 : -1);
        fclose(problems);
        if (cases[i].told == NULL ? told[0] != '\0' : strstr(told, cases[i].told) == NULL)
            fail_msg("row %zu says: %s", i, told);
        if (db != NULL)
            db_close(db);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_that_cannot_hold_are_told),
    };

    return cmocka_run_group_tests_name("sql_db", tests, NULL, NULL);
}
