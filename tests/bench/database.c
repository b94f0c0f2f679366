/* See database.h. */
#include "bench/database.h"

#include <stdlib.h>

#include "bench/shop.h"

MYSQL *database_open(void)
{
    MYSQL *made = mysql_init(NULL);

    if (mysql_real_connect(made, NULL, "root", NULL, NULL, 0, getenv("BMT_DB_SOCKET"), CLIENT_FOUND_ROWS) == NULL)
        give_up(mysql_error(made), NULL);
    return made;
}

void database_change(MYSQL *db, const char *statement)
{
    if (mysql_query(db, statement) != 0)
        give_up(mysql_error(db), NULL);
}

int64_t database_ask(MYSQL *db, const char *query)
{
    MYSQL_RES *result;
    MYSQL_ROW row;
    int64_t number;

    if (mysql_query(db, query) != 0 || (result = mysql_store_result(db)) == NULL)
        give_up(mysql_error(db), NULL);
    row = mysql_fetch_row(result);
    number = row != NULL && row[0] != NULL ? strtoll(row[0], NULL, 10) : 0;
    mysql_free_result(result);
    return number;
}
