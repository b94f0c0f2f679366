/* Reading rows for verify; see rows.h. */
#include "verify/rows.h"

#include <string.h>

/* Cut to what fits; what is shorter ends early. The row was zeroed. */
static void read_currency(const char *text, char *ret_currency)
{
    for (size_t i = 0; i + 1 < CURRENCY_SIZE && text[i] != '\0'; i++)
        ret_currency[i] = text[i];
}

static void read_row(const struct scan *scan, const struct seen_columns *columns, struct arena *arena, char *row)
{
    for (size_t i = 0; i < columns->n; i++) {
        const struct seen_column *column = &columns->list[i];

        if (column->is_currency) {
            read_currency(scan_text(scan, (unsigned)i), row + column->offset);
        } else if (column->is_text) {
            const char *text = arena_strdup(arena, scan_text(scan, (unsigned)i));

            memcpy(row + column->offset, &text, sizeof text);
        } else {
            const int64_t number = scan_i64(scan, (unsigned)i);

            memcpy(row + column->offset, &number, sizeof number);
        }
    }
}

int rows_read(struct worker *worker, enum module module, const char *text, const struct seen_columns *columns,
              void *ret_rows, size_t *ret_n)
{
    struct scan scan;
    size_t room = 0;
    size_t n = 0;
    char *rows = NULL;

    if (scan_begin(worker->session, module, text, worker->verify->problems, &scan) != 0)
        return -1;
    while (scan_next(&scan)) {
        rows = arena_grow(worker->arena, rows, n, &room, columns->row_size);
        read_row(&scan, columns, worker->arena, rows + n++ * columns->row_size);
    }
    if (scan.has_failed)
        return fprintf(worker->verify->problems, "the connection was lost while reading\n"), -1;
    worker->n_rows += (int64_t)n;
    memcpy(ret_rows, &rows, sizeof rows);
    *ret_n = n;
    return 0;
}

const char *rows_id_list(const int64_t *ids, size_t n, struct arena *arena)
{
    enum { DIGITS = 22 };
    char *text = arena_alloc(arena, n * DIGITS + 2);
    size_t used = 0;

    if (n == 0)
        return "0";
    for (size_t i = 0; i < n; i++)
        used += (size_t)snprintf(text + used, DIGITS + 1, "%s%lld", i > 0 ? "," : "", (long long)ids[i]);
    return text;
}
