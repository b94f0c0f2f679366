/* Bindings; see bind.h. One switch a direction: a new sql_type is a case in bind_row, in bind_rows and in bind_copy. */
#include "sql/bind.h"

#include <string.h>

#include "base/log.h"

static enum enum_field_types field_type(enum sql_type type)
{
    switch (type) {
    case SQL_I64: return MYSQL_TYPE_LONGLONG;
    case SQL_I32: return MYSQL_TYPE_LONG;
    case SQL_BOOL: return MYSQL_TYPE_TINY;
    case SQL_TEXT:
    case SQL_CHARS: return MYSQL_TYPE_STRING;
    case SQL_BYTES:
    case SQL_FIXED: return MYSQL_TYPE_BLOB;
    }
    return MYSQL_TYPE_NULL;
}

/* Start and length of a text or bytes value; NULL when it is NULL. */
static const void *value_bytes(const struct sql_column *column, const char *field, size_t *ret_size)
{
    if (column->type == SQL_TEXT) {
        const char *text = *(const char *const *)(const void *)field;
        *ret_size = text != NULL ? strlen(text) : 0;
        return text;
    }
    if (column->type == SQL_BYTES) {
        const struct sql_bytes *bytes = (const void *)field;
        *ret_size = bytes->size;
        return bytes->data;
    }
    *ret_size = column->type == SQL_CHARS ? strnlen(field, column->size) : column->size;
    return field;
}

static bool is_number(enum sql_type type)
{
    return type == SQL_I64 || type == SQL_I32 || type == SQL_BOOL;
}

/* Binding only reads; the library's interface has no const. */
static void *without_const(const void *data)
{
    return (void *)(uintptr_t)data;
}

void bind_row(const struct sql_columns *columns, const void *row, struct arena *arena, MYSQL_BIND *binds)
{
    static my_bool is_null = 1;

    PRE(row != NULL || columns->n == 0);
    memset(binds, 0, columns->n * sizeof *binds);
    for (size_t i = 0; i < columns->n; i++) {
        const struct sql_column *column = &columns->list[i];
        const char *field = (const char *)row + column->offset;

        binds[i].buffer_type = field_type(column->type);
        if (is_number(column->type)) {
            binds[i].buffer = without_const(field);
            continue;
        }
        size_t size = 0;
        const void *value = value_bytes(column, field, &size);

        binds[i].buffer = without_const(value);
        binds[i].buffer_length = size;
        binds[i].length = arena_new_of(arena, unsigned long);
        *binds[i].length = size;
        if (value == NULL)
            binds[i].is_null = &is_null;
    }
}

/* One number column of all rows, one behind the other. */
static void lay_out_numbers(const struct sql_column *column, const char *field, size_t n, size_t row_size,
                            struct arena *arena, MYSQL_BIND *bind)
{
    char *list = arena_alloc(arena, n * column->size);

    for (size_t i = 0; i < n; i++)
        memcpy(list + i * column->size, field + i * row_size, column->size);
    bind->buffer = list;
}

/* One text or bytes column of all rows: pointers, lengths and whether NULL. */
static void lay_out_texts(const struct sql_column *column, const char *field, size_t n, size_t row_size,
                          struct arena *arena, MYSQL_BIND *bind)
{
    const void **values = arena_array_of(arena, const void *, n);
    unsigned long *sizes = arena_array_of(arena, unsigned long, n);
    char *indicators = arena_array_of(arena, char, n);

    for (size_t i = 0; i < n; i++) {
        size_t size = 0;

        values[i] = value_bytes(column, field + i * row_size, &size);
        sizes[i] = size;
        indicators[i] = values[i] == NULL ? STMT_INDICATOR_NULL : STMT_INDICATOR_NONE;
    }
    bind->buffer = values;
    bind->length = sizes;
    bind->u.indicator = indicators;
}

void bind_rows(const struct sql_columns *columns, const void *rows, size_t n, size_t row_size, struct arena *arena,
               MYSQL_BIND *binds)
{
    memset(binds, 0, columns->n * sizeof *binds);
    for (size_t i = 0; i < columns->n; i++) {
        const struct sql_column *column = &columns->list[i];
        const char *field = (const char *)rows + column->offset;

        binds[i].buffer_type = field_type(column->type);
        if (is_number(column->type))
            lay_out_numbers(column, field, n, row_size, arena, &binds[i]);
        else
            lay_out_texts(column, field, n, row_size, arena, &binds[i]);
    }
}

struct landing bind_results(const struct sql_columns *columns, struct arena *arena)
{
    struct landing landing = {
        .binds = arena_array_of(arena, MYSQL_BIND, columns->n),
        .sizes = arena_array_of(arena, unsigned long, columns->n),
        .nulls = arena_array_of(arena, my_bool, columns->n),
    };

    for (size_t i = 0; i < columns->n; i++) {
        MYSQL_BIND *bind = &landing.binds[i];
        const size_t room = is_number(columns->list[i].type) ? columns->list[i].size : LANDING_TEXT_SIZE;

        bind->buffer_type = field_type(columns->list[i].type);
        bind->buffer = arena_alloc(arena, room);
        bind->buffer_length = room;
        bind->length = &landing.sizes[i];
        bind->is_null = &landing.nulls[i];
    }
    return landing;
}

/* A text or bytes value of any length, in the arena and with a NUL behind it. */
static const void *take_value(MYSQL_STMT *handle, size_t i, const struct landing *landing, struct arena *arena)
{
    const size_t size = landing->sizes[i];
    char *value = arena_alloc(arena, size + 1);

    if (size <= LANDING_TEXT_SIZE) {
        memcpy(value, landing->binds[i].buffer, size);
    } else {
        unsigned long whole = 0;
        MYSQL_BIND again = {
            .buffer_type = landing->binds[i].buffer_type, .buffer = value, .buffer_length = size, .length = &whole};

        if (mysql_stmt_fetch_column(handle, &again, (unsigned)i, 0) != 0 || whole != size)
            return NULL;
    }
    value[size] = '\0';
    return value;
}

static int does_not_fit(const struct sql_column *column, struct err *err)
{
    log_error("value does not fit its field", log_text("column", column->name));
    return err_fail(err, ERR_INTERNAL_ERROR);
}

int bind_copy(MYSQL_STMT *handle, const struct sql_columns *columns, const struct landing *landing, void *row,
              struct arena *arena, struct err *err)
{
    for (size_t i = 0; i < columns->n; i++) {
        const struct sql_column *column = &columns->list[i];
        char *field = (char *)row + column->offset;
        const size_t size = landing->sizes[i];

        if (landing->nulls[i])
            continue; /* rows are zeroed: 0, NULL, empty */
        if (is_number(column->type)) {
            memcpy(field, landing->binds[i].buffer, column->size);
        } else if (column->type == SQL_CHARS || column->type == SQL_FIXED) {
            if (size > LANDING_TEXT_SIZE || (column->type == SQL_CHARS ? size >= column->size : size != column->size))
                return does_not_fit(column, err);
            memcpy(field, landing->binds[i].buffer, size);
        } else {
            const void *value = take_value(handle, i, landing, arena);

            if (value == NULL)
                return does_not_fit(column, err);
            if (column->type == SQL_TEXT)
                *(const char **)(void *)field = value;
            else
                *(struct sql_bytes *)(void *)field = (struct sql_bytes){.data = value, .size = size};
        }
    }
    return 0;
}
