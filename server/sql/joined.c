/* The text and the bindings; see joined.h. */
#include "sql/joined.h"

#include <string.h>

size_t joined_class(size_t n)
{
    size_t size = JOINED_MIN;

    PRE(n <= JOINED_MAX);
    while (size < n)
        size *= 2;
    return size;
}

/* `SELECT ? AS c0, ? AS c1 UNION ALL SELECT ?, ? UNION ALL ...` */
static const char *rows_text(size_t n_columns, size_t n_rows, struct arena *arena)
{
    const char *first = "SELECT ? AS c0";
    const char *other = "SELECT ?";
    char *text;
    size_t used;

    for (size_t i = 1; i < n_columns; i++) {
        first = arena_printf(arena, "%s, ? AS c%zu", first, i);
        other = arena_printf(arena, "%s, ?", other);
    }
    other = arena_printf(arena, " UNION ALL %s", other);
    used = strlen(first);
    text = arena_alloc(arena, used + (n_rows - 1) * strlen(other) + 1);
    memcpy(text, first, used + 1);
    for (size_t i = 1; i < n_rows; i++) {
        memcpy(text + used, other, strlen(other) + 1);
        used += strlen(other);
    }
    return text;
}

/* The piece of the text with its parameters as columns of the rows, from the `*column`th on. */
static const char *with_columns(const char *text, size_t size, size_t *column, struct arena *arena)
{
    const char *result = "";

    while (size > 0) {
        const char *mark = memchr(text, '?', size);
        const size_t piece = mark != NULL ? (size_t)(mark - text) : size;

        result = mark != NULL ? arena_printf(arena, "%s%.*sr.c%zu", result, (int)piece, text, (*column)++)
                              : arena_printf(arena, "%s%.*s", result, (int)piece, text);
        text += piece + (mark != NULL);
        size -= piece + (mark != NULL);
    }
    return result;
}

const char *joined_text(const struct sql_stmt *stmt, size_t n_rows, struct arena *arena)
{
    static const char update[] = "UPDATE ";
    static const char set[] = "\nSET ";
    static const char where[] = "\nWHERE ";
    const char *set_at = strstr(stmt->text, set);
    const char *where_at = strstr(stmt->text, where);
    const char *changes;
    const char *conditions;
    size_t column = 0;

    PRE(strncmp(stmt->text, update, strlen(update)) == 0 && set_at != NULL && where_at != NULL && set_at < where_at);
    changes = with_columns(set_at + strlen(set), (size_t)(where_at - set_at) - strlen(set), &column, arena);
    conditions = with_columns(where_at + strlen(where), strlen(where_at) - strlen(where), &column, arena);
    INVARIANT(column == stmt->params.n);
    return arena_printf(arena, "UPDATE (%s) r\nSTRAIGHT_JOIN %.*s FORCE INDEX (PRIMARY) ON %s\nSET %s",
                        rows_text(stmt->params.n, n_rows, arena),
                        (int)(set_at - stmt->text - (ptrdiff_t)strlen(update)), stmt->text + strlen(update), conditions,
                        changes);
}

MYSQL_BIND *joined_bind(const struct sql_columns *params, const char *rows, size_t n, size_t row_size,
                        struct arena *arena)
{
    const size_t size = joined_class(n);
    MYSQL_BIND *binds = arena_array_of(arena, MYSQL_BIND, size * params->n);

    for (size_t i = 0; i < size; i++)
        bind_row(params, rows + (i < n ? i : n - 1) * row_size, arena, binds + i * params->n);
    return binds;
}
