/* Kept replies; see replay.h. Each module's migration creates its table `requests` in one and the same form. */
#include "sql/replay.h"

#include <string.h>

struct request_row {
    int64_t biz_id;
    struct sql_bytes method;
    struct sql_bytes request_id;
    uint8_t fingerprint[FINGERPRINT_SIZE];
    struct sql_bytes reply;
    int64_t create_time_ms;
};

static const struct sql_column request_columns[] = {
    SQL_COLUMN(struct request_row, biz_id, SQL_I64),       SQL_COLUMN(struct request_row, method, SQL_BYTES),
    SQL_COLUMN(struct request_row, request_id, SQL_BYTES), SQL_COLUMN(struct request_row, fingerprint, SQL_FIXED),
    SQL_COLUMN(struct request_row, reply, SQL_BYTES),      SQL_COLUMN(struct request_row, create_time_ms, SQL_I64),
};

/* The first three columns are the key, the first five what is read. */
#define KEY_COLUMNS                     \
    {                                   \
        .list = request_columns, .n = 3 \
    }
#define READ_COLUMNS                    \
    {                                   \
        .list = request_columns, .n = 5 \
    }

#define REQUEST_STATEMENTS(MODULE, schema)                                                        \
    [MODULE] = {                                                                                  \
        .find = {.name = schema "_requests_find",                                                 \
                 .module = (MODULE),                                                              \
                 .text = "SELECT biz_id, method, request_id, fingerprint, reply\n"                \
                         "FROM " schema ".requests\n"                                             \
                         "WHERE (biz_id, method, request_id) IN ({keys})",                        \
                 .keys = KEY_COLUMNS,                                                             \
                 .results = READ_COLUMNS,                                                         \
                 .result_size = sizeof(struct request_row)},                                      \
        .keep = {.name = schema "_requests_keep",                                                 \
                 .module = (MODULE),                                                              \
                 .text = "INSERT INTO " schema ".requests\n"                                      \
                         "    (biz_id, method, request_id, fingerprint, reply, create_time_ms)\n" \
                         "VALUES (?, ?, ?, ?, ?, ?)",                                             \
                 .params = SQL_COLUMNS(request_columns)},                                         \
    }

static const struct {
    struct sql_stmt find;
    struct sql_stmt keep;
} statements[MODULE_COUNT] = {
    REQUEST_STATEMENTS(MODULE_PLATFORM, "bmt_platform"), REQUEST_STATEMENTS(MODULE_BUSINESS, "bmt_business"),
    REQUEST_STATEMENTS(MODULE_PRODUCT, "bmt_product"),   REQUEST_STATEMENTS(MODULE_ORDER, "bmt_order"),
    REQUEST_STATEMENTS(MODULE_PAYMENT, "bmt_payment"),   REQUEST_STATEMENTS(MODULE_SETTLEMENT, "bmt_settlement"),
};

static struct sql_bytes bytes_of(const char *text)
{
    return (struct sql_bytes){.data = (const uint8_t *)text, .size = strlen(text)};
}

static bool same_bytes(struct sql_bytes a, struct sql_bytes b)
{
    return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

static struct request_row *rows_of(struct command **commands, size_t n, struct arena *arena)
{
    struct request_row *rows = arena_array_of(arena, struct request_row, n);

    for (size_t i = 0; i < n; i++) {
        rows[i].biz_id = commands[i]->biz_id;
        rows[i].method = bytes_of(commands[i]->method);
        rows[i].request_id = command_request(commands[i]);
        memcpy(rows[i].fingerprint, commands[i]->fingerprint, FINGERPRINT_SIZE);
    }
    return rows;
}

static void answer(struct command *command, const struct request_row *kept)
{
    if (command_repeats(command, kept->fingerprint))
        command->reply = kept->reply;
}

int replay_answer(struct tx *tx, enum module home, struct arena *arena, struct command **commands, size_t n,
                  struct err *err)
{
    const struct request_row *wanted = rows_of(commands, n, arena);
    struct request_row *kept = NULL;
    size_t n_kept = 0;
    int rc;

    rc = sql_select_in(tx, &statements[home].find, NULL, wanted, n, sizeof *wanted, arena, &kept, &n_kept, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n_kept; j++)
            if (kept[j].biz_id == wanted[i].biz_id && same_bytes(kept[j].request_id, wanted[i].request_id) &&
                same_bytes(kept[j].method, wanted[i].method))
                answer(commands[i], &kept[j]);
    return 0;
}

int replay_keep(struct tx *tx, enum module home, struct arena *arena, struct command **commands, size_t n,
                int64_t now_ms, struct err *err)
{
    struct request_row *rows = rows_of(commands, n, arena);

    for (size_t i = 0; i < n; i++) {
        rows[i].reply = commands[i]->reply;
        rows[i].create_time_ms = now_ms;
    }
    return sql_write(tx, &statements[home].keep, rows, n, sizeof *rows, NULL, err);
}
