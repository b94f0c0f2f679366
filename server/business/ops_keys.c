/*
 * Commands on API keys; see ops.h. A key is derived from the request that issues it (rpc/auth.h), so the row with the
 * key's hash is the record of that request: a repeat finds it, and no reply with a key in it is ever stored.
 */
#include <string.h>

#include "base/id.h"
#include "business/ops.h"

void (*business_keys_changed)(const uint8_t (*hashes)[API_KEY_HASH_SIZE], size_t n);

/* The row that an earlier call with the same request_id made; NULL when there is none. */
static int find_repeat(struct batch *batch, const uint8_t hash[API_KEY_HASH_SIZE], struct api_key_row **ret_row,
                       struct err *err)
{
    uint8_t hashes[1][API_KEY_HASH_SIZE];
    struct api_key_row *rows = NULL;
    size_t n = 0;
    int rc;

    memcpy(hashes[0], hash, API_KEY_HASH_SIZE);
    rc = business_store_find_hashes(batch->tx, hashes, 1, batch->arena, &rows, &n, err);
    *ret_row = rc == 0 && n > 0 ? &rows[0] : NULL;
    return rc;
}

static bool is_repeat(struct command *command, const struct api_key_row *row)
{
    if (row == NULL)
        return false;
    (void)command_repeats(command, row->fingerprint);
    return true;
}

/* Refuses when the business has all the live keys of the role that it may have. */
static int check_limit(struct batch *batch, struct command *command, int32_t role, struct err *err)
{
    struct api_key_row *live = NULL;
    size_t n_live = 0;
    size_t n_of_role = 0;
    int rc;

    rc = business_store_lock_live_keys(batch->tx, command->biz_id, batch->now_ms, batch->arena, &live, &n_live, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < n_live; i++)
        n_of_role += live[i].role == role;
    if (n_of_role >= API_KEYS_LIVE_MAX)
        command_refuse(command, ERR_API_KEY_LIMIT, err_i64(API_KEYS_LIVE_MAX));
    return 0;
}

static void complete_row(struct api_key_row *row, const struct command *command, const char *key, int64_t now_ms)
{
    row->key_id = id_new(0);
    row->biz_id = command->biz_id;
    memcpy(row->last_four, key + strlen(key) - 4, 5);
    memcpy(row->fingerprint, command->fingerprint, FINGERPRINT_SIZE);
    row->state = API_KEY_LIVE;
    row->create_time_ms = now_ms;
    row->update_time_ms = now_ms;
}

static int business_exists(struct batch *batch, struct command *command, struct err *err)
{
    struct business_row *rows = NULL;
    size_t n = 0;
    int rc = 0;

    if (command->biz_id != 0)
        rc = business_store_find(batch->tx, &command->biz_id, 1, batch->arena, &rows, &n, err);
    if (rc == 0 && command->biz_id != 0 && n == 0)
        command_refuse(command, ERR_BUSINESS_NOT_FOUND, id_show(ID_BUSINESS, command->biz_id));
    return rc;
}

static int issue_one(struct batch *batch, struct issue_key *c, struct err *err)
{
    struct api_key_row *known = NULL;
    int rc;

    rc = find_repeat(batch, c->row.hash, &known, err);
    if (rc != 0)
        return rc;
    if (is_repeat(&c->command, known)) {
        c->row = *known;
        return 0;
    }
    rc = business_exists(batch, &c->command, err);
    if (rc == 0 && !c->command.is_done)
        rc = check_limit(batch, &c->command, c->row.role, err);
    if (rc != 0 || c->command.is_done)
        return rc;
    complete_row(&c->row, &c->command, c->key, batch->now_ms);
    return business_store_insert_keys(batch->tx, &c->row, 1, err);
}

/* Keys are issued rarely: one after the other keeps the limit simple. */
static int issue_key_body(struct batch *batch, struct err *err)
{
    int rc = 0;

    for_each_command(struct issue_key, c, batch)
    {
        rc = issue_one(batch, c, err);
        if (rc != 0)
            return rc;
    }
    return rc;
}

/* The key of the caller's business; refuses when there is none. */
static int find_key(struct batch *batch, struct command *command, int64_t key_id, struct api_key_row **ret_row,
                    struct err *err)
{
    const struct api_key_key key = {.key_id = key_id, .biz_id = command->biz_id};
    struct api_key_row *rows = NULL;
    size_t n = 0;
    int rc;

    rc = business_store_find_keys(batch->tx, &key, 1, batch->arena, &rows, &n, err);
    if (rc == 0 && n == 0)
        command_refuse(command, ERR_API_KEY_NOT_FOUND, id_show(ID_API_KEY, key_id));
    *ret_row = rows;
    return rc;
}

static bool is_live(const struct api_key_row *row, int64_t now_ms)
{
    return row->state == API_KEY_LIVE && (row->expire_time_ms == 0 || row->expire_time_ms > now_ms);
}

/* Nobody gives away more than it has: whoever rotates a key reads the successor's text. */
static void check_scopes(struct rotate_key *c, const struct api_key_row *old, struct arena *arena)
{
    const struct caller caller = {.scopes = c->caller_scopes};
    char *rest = arena_strdup(arena, old->scopes);

    if (rest[0] == '\0' && c->caller_scopes[0] != '\0')
        command_refuse(&c->command, ERR_SCOPE_NOT_ALLOWED, "(all)");
    for (const char *scope; c->command.err.id == ERR_NONE && (scope = strsep(&rest, " ")) != NULL;)
        if (!auth_has_scope(&caller, scope))
            command_refuse(&c->command, ERR_SCOPE_NOT_ALLOWED, scope);
}

static int replace(struct batch *batch, struct rotate_key *c, struct api_key_row *old, struct err *err)
{
    const int64_t end_ms = batch->now_ms + c->old_key_lives_ms;
    int rc;

    if (!is_live(old, batch->now_ms)) {
        command_refuse(&c->command, ERR_API_KEY_WRONG_STATE, id_show(ID_API_KEY, old->key_id),
                       old->state == API_KEY_LIVE ? "EXPIRED" : "REVOKED", "LIVE");
        return 0;
    }
    rc = check_limit(batch, &c->command, old->role, err);
    if (rc != 0 || c->command.is_done)
        return rc;
    c->row = (struct api_key_row){
        .role = old->role, .scopes = old->scopes, .label = old->label, .expire_time_ms = old->expire_time_ms};
    memcpy(c->row.hash, c->hash, API_KEY_HASH_SIZE);
    complete_row(&c->row, &c->command, c->key, batch->now_ms);
    if (old->expire_time_ms == 0 || old->expire_time_ms > end_ms)
        old->expire_time_ms = end_ms;
    old->update_time_ms = batch->now_ms;
    c->old_row = *old;
    rc = business_store_insert_keys(batch->tx, &c->row, 1, err);
    if (rc == 0)
        rc = business_store_update_keys(batch->tx, old, 1, err);
    return rc;
}

static int rotate_one(struct batch *batch, struct rotate_key *c, struct err *err)
{
    struct api_key_row *known = NULL;
    struct api_key_row *old = NULL;
    int rc;

    rc = find_repeat(batch, c->hash, &known, err);
    if (rc == 0 && known != NULL && is_repeat(&c->command, known))
        c->row = *known;
    if (rc != 0 || c->command.err.id != ERR_NONE)
        return rc;
    rc = find_key(batch, &c->command, c->old_key_id, &old, err);
    if (rc != 0 || c->command.err.id != ERR_NONE)
        return rc;
    check_scopes(c, old, batch->arena);
    if (c->command.err.id != ERR_NONE)
        return 0;
    if (c->command.is_done) {
        c->old_row = *old;
        return 0;
    }
    return replace(batch, c, old, err);
}

static int rotate_key_body(struct batch *batch, struct err *err)
{
    int rc = 0;

    for_each_command(struct rotate_key, c, batch)
    {
        rc = rotate_one(batch, c, err);
        if (rc != 0)
            return rc;
    }
    return rc;
}

static int revoke_key_body(struct batch *batch, struct err *err)
{
    int rc = 0;

    for_each_command(struct revoke_key, c, batch)
    {
        struct api_key_row *row = NULL;

        rc = find_key(batch, &c->command, c->key_id, &row, err);
        if (rc != 0)
            return rc;
        if (c->command.is_done)
            continue;
        if (row->state == API_KEY_LIVE) {
            row->state = API_KEY_REVOKED;
            row->revoke_time_ms = row->update_time_ms = batch->now_ms;
            rc = business_store_update_keys(batch->tx, row, 1, err);
            if (rc != 0)
                return rc;
        }
        c->row = *row;
    }
    return rc;
}

/* This process forgets the key at once; the others within auth.refresh_ms. */
static void forget_revoked(struct command **commands, size_t n)
{
    for (size_t i = 0; i < n && business_keys_changed != NULL; i++) {
        uint8_t hashes[1][API_KEY_HASH_SIZE];

        memcpy(hashes[0], ((const struct revoke_key *)(void *)commands[i])->row.hash, API_KEY_HASH_SIZE);
        business_keys_changed(hashes, 1);
    }
}

static int list_keys_body(struct batch *batch, struct err *err)
{
    int rc = 0;

    for_each_command(struct list_keys, c, batch)
    {
        rc = business_store_list_keys(batch->tx, c->command.biz_id, &c->list.page, batch->arena, &c->rows, &c->n, err);
        if (rc != 0)
            return rc;
    }
    return rc;
}

struct batch_plan issue_key_plan = {.name = "business.issue_key", .home = MODULE_BUSINESS, .body = issue_key_body};
struct batch_plan rotate_key_plan = {.name = "business.rotate_key", .home = MODULE_BUSINESS, .body = rotate_key_body};
struct batch_plan revoke_key_plan = {.name = "business.revoke_key",
                                     .home = MODULE_BUSINESS,
                                     .keeps_replies = true,
                                     .body = revoke_key_body,
                                     .committed = forget_revoked};
struct batch_plan list_keys_plan = {
    .name = "business.list_keys", .home = MODULE_BUSINESS, .is_read = true, .body = list_keys_body};
