/* Reading rows for verify; see rows.h. */
#include "verify/rows.h"

#include <string.h>

/* Bytes, cut to what fits; the row was zeroed. */
static void read_bytes(const struct scan *scan, unsigned column, char *ret_bytes, size_t size)
{
    const size_t there = scan_size(scan, column);

    memcpy(ret_bytes, scan_text(scan, column), there < size ? there : size);
}

static void read_row(const struct scan *scan, const struct seen_columns *columns, struct arena *arena, char *row)
{
    for (unsigned i = 0; i < columns->n; i++) {
        char *into = row + columns->list[i].offset;
        const char *text;
        int64_t number;

        switch (columns->list[i].as) {
        case SEEN_AS_NUMBER:
            number = scan_i64(scan, i);
            memcpy(into, &number, sizeof number);
            break;
        case SEEN_AS_CURRENCY: read_bytes(scan, i, into, CURRENCY_SIZE - 1); break;
        case SEEN_AS_HASH: read_bytes(scan, i, into, HASH_SIZE); break;
        case SEEN_AS_TEXT:
            text = arena_strdup(arena, scan_text(scan, i));
            memcpy(into, &text, sizeof text);
            break;
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

int rows_snapshot_begin(struct worker *worker, enum module module)
{
    FILE *problems = worker->verify->problems;

    if (scan_run(worker->session, module, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ", problems) != 0)
        return -1;
    return scan_run(worker->session, module, "START TRANSACTION WITH CONSISTENT SNAPSHOT", problems);
}

int rows_snapshot_end(struct worker *worker, enum module module)
{
    return scan_run(worker->session, module, "COMMIT", worker->verify->problems);
}
