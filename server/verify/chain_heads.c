/*
 * The rows of the ledger's chains against the transfers that end them: with chains.c, which proves each transfer from
 * the one before it, nothing can be cut off the end of a chain either. There are as many chains as threads ever wrote.
 */
#include <string.h>

#include "verify/pass.h"

struct head_seen {
    int64_t chain, seq, has_row, top, transfer_id, biz_id;
    uint8_t hash[HASH_SIZE];      /* of the chain's row */
    uint8_t last_hash[HASH_SIZE]; /* of its last transfer */
};
static const struct seen_column head_list[] = {
    SEEN(head_seen, chain),       SEEN(head_seen, seq),    SEEN(head_seen, has_row),   SEEN(head_seen, top),
    SEEN(head_seen, transfer_id), SEEN(head_seen, biz_id), SEEN_HASH(head_seen, hash), SEEN_HASH(head_seen, last_hash),
};
static const struct seen_columns head_columns = {head_list, COUNT_OF(head_list), sizeof(struct head_seen)};

static void check_head(struct worker *worker, const struct head_seen *h)
{
    if (h->top < h->seq)
        found(worker, h->chain, TRANSFER_CHAIN, 0, ID_KIND_COUNT, 0,
              "chain %lld: transfers are missing from number %lld on", (long long)h->chain,
              (long long)(h->top > 0 ? h->top : 0) + 1);
    else if (h->top > h->seq || !h->has_row)
        found(worker, h->chain, CHAIN_HEAD, h->biz_id, ID_TRANSFER, h->transfer_id,
              "is number %lld of chain %lld, which ends with number %lld", (long long)h->top, (long long)h->chain,
              (long long)h->seq);
    else if (h->transfer_id != 0 && memcmp(h->hash, h->last_hash, HASH_SIZE) != 0)
        found(worker, h->chain, CHAIN_HEAD, h->biz_id, ID_TRANSFER, h->transfer_id,
              "chain %lld ends with number %lld, whose hash is another one", (long long)h->chain, (long long)h->top);
}

/* One statement, so that row and transfers are of one moment. A chain without transfers has a row of number 0. */
int chain_heads_check(struct worker *worker, struct verify_report *report)
{
    struct head_seen *heads = NULL;
    size_t n = 0;

    (void)report;
    if (rows_read(
            worker, MODULE_SETTLEMENT,
            "SELECT e.chain, c.seq, c.chain IS NOT NULL, e.top, t.transfer_id, t.biz_id, c.hash, t.hash FROM "
            "(SELECT chain, MAX(chain_seq) AS top FROM bmt_settlement.transfers GROUP BY chain UNION ALL SELECT "
            "chain, 0 FROM bmt_settlement.chains WHERE chain NOT IN (SELECT chain FROM bmt_settlement.transfers)) "
            "e LEFT JOIN bmt_settlement.chains c ON c.chain = e.chain LEFT JOIN bmt_settlement.transfers t ON "
            "t.chain = e.chain AND t.chain_seq = e.top",
            &head_columns, &heads, &n) != 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        check_head(worker, &heads[i]);
    return 0;
}
