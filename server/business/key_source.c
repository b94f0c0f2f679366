/* Where the authenticator finds keys (rpc/auth.h): the rows of api_keys, with whether their business is suspended. */
#include <string.h>

#include "business/business.h"
#include "business/store.h"

/* Commits of other replicas may carry a time a little before what was read already. */
enum { OVERLAP_MS = 10000 };

static struct auth_key key_of(const struct api_key_row *row, bool is_suspended)
{
    struct auth_key key = {
        .key_id = row->key_id,
        .biz_id = row->biz_id,
        .role = (enum role)row->role,
        .expire_time_ms = row->expire_time_ms,
        .is_revoked = row->state != API_KEY_LIVE,
        .is_suspended = is_suspended,
    };

    memcpy(key.hash, row->hash, API_KEY_HASH_SIZE);
    INVARIANT(strlen(row->scopes) < sizeof key.scopes);
    memcpy(key.scopes, row->scopes, strlen(row->scopes) + 1);
    return key;
}

static bool is_suspended(int64_t biz_id, const struct business_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].biz_id == biz_id)
            return rows[i].state == BUSINESS_SUSPENDED;
    return false;
}

static int with_businesses(struct tx *tx, const struct api_key_row *rows, size_t n, struct arena *arena,
                           struct auth_key **ret_keys, struct err *err)
{
    int64_t *ids = arena_array_of(arena, int64_t, n);
    struct business_row *businesses = NULL;
    size_t n_businesses = 0;
    int rc;

    for (size_t i = 0; i < n; i++)
        ids[i] = rows[i].biz_id;
    rc = business_store_find(tx, ids, n, arena, &businesses, &n_businesses, err);
    if (rc != 0)
        return rc;
    *ret_keys = arena_array_of(arena, struct auth_key, n);
    for (size_t i = 0; i < n; i++)
        (*ret_keys)[i] = key_of(&rows[i], is_suspended(rows[i].biz_id, businesses, n_businesses));
    return 0;
}

static int find_keys(struct session *session, const uint8_t (*hashes)[API_KEY_HASH_SIZE], size_t n, struct arena *arena,
                     struct auth_key **ret_keys, size_t *ret_n, struct err *err)
{
    struct tx *tx CLEANUP(tx_cleanup) = NULL;
    struct api_key_row *rows = NULL;
    int rc;

    rc = tx_begin_read(session, &tx, err);
    if (rc == 0)
        rc = business_store_find_hashes(tx, hashes, n, arena, &rows, ret_n, err);
    if (rc == 0)
        rc = with_businesses(tx, rows, *ret_n, arena, ret_keys, err);
    return rc;
}

/* The version is the latest time of change that was seen. */
static int changed_keys(struct session *session, int64_t version, struct arena *arena, struct auth_key **ret_keys,
                        size_t *ret_n, int64_t *ret_version, struct err *err)
{
    struct tx *tx CLEANUP(tx_cleanup) = NULL;
    struct api_key_row *rows = NULL;
    int rc;

    rc = tx_begin_read(session, &tx, err);
    if (rc == 0)
        rc = business_store_changed_keys(tx, version > OVERLAP_MS ? version - OVERLAP_MS : 0, arena, &rows, ret_n, err);
    if (rc == 0)
        rc = with_businesses(tx, rows, *ret_n, arena, ret_keys, err);
    if (rc != 0)
        return rc;
    *ret_version = version;
    for (size_t i = 0; i < *ret_n; i++)
        if (rows[i].update_time_ms > *ret_version)
            *ret_version = rows[i].update_time_ms;
    return 0;
}

static int existing_businesses(struct session *session, const int64_t *biz_ids, size_t n, struct arena *arena,
                               int64_t **ret_biz_ids, size_t *ret_n, struct err *err)
{
    struct tx *tx CLEANUP(tx_cleanup) = NULL;
    struct business_row *rows = NULL;
    int rc;

    rc = tx_begin_read(session, &tx, err);
    if (rc == 0)
        rc = business_store_find(tx, biz_ids, n, arena, &rows, ret_n, err);
    if (rc != 0)
        return rc;
    *ret_biz_ids = arena_array_of(arena, int64_t, *ret_n);
    for (size_t i = 0; i < *ret_n; i++)
        (*ret_biz_ids)[i] = rows[i].biz_id;
    return 0;
}

const struct auth_source business_auth_source = {
    .find = find_keys, .changed = changed_keys, .exist = existing_businesses};
