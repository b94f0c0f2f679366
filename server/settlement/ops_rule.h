/*
 * Split rules: commands for service_partner.c, verbs with which a flow creates rules for what product sells
 * (flows/create_split_rule.h), and the one by which a sale finds its rule. Functions return 0, or an error of sql.h
 * that rolls the whole batch back.
 *
 * A rule never changes, but that it is ended; it begins and ends at times that lie ahead when that is asked for. So
 * what was sold by then keeps its rule, and rules of one scope never hold at the same time.
 */
#ifndef BMT_SETTLEMENT_OPS_RULE_H
#define BMT_SETTLEMENT_OPS_RULE_H

#include "rpc/list.h"
#include "settlement/store_partner.h"
#include "sql/batch.h"

/* The parts of a rule, by their numbers. */
struct split_parts {
    struct split_part_row *list;
    size_t n;
};

struct create_rule {
    struct command command;
    int32_t scope;
    int64_t scope_id;
    const char *currency; /* empty: no part is fixed */
    int64_t remainder_partner_id;
    int64_t from_time_ms;     /* 0: now */
    int64_t to_time_ms;       /* 0: open */
    struct split_parts parts; /* level, partner_id, kind, value given; the rest is set */
    struct split_rule_row row;
};

struct end_rule {
    struct command command;
    int64_t rule_id;
    int64_t to_time_ms; /* 0: now */
    struct split_rule_row row;
    struct split_parts parts;
};

struct get_rule {
    struct command command;
    int64_t rule_id;
    struct split_rule_row row;
    struct split_parts parts;
};

struct list_rules {
    struct command command;
    struct list list;
    struct split_rule_row *rows;
    struct split_parts *parts; /* of each row */
    size_t n;
};

/*
 * The two halves of create_rule commands, with a look for their SPUs and SKUs between them. The first refuses with
 * SPLIT_RATIO, PARTNER_NOT_FOUND, PARTNER_WRONG_STATE, CURRENCY_MISMATCH, and writes nothing; the second with
 * SPLIT_RULE_PAST, SPLIT_RULE_OVERLAP.
 */
int settlement_check_rules(struct batch *batch, struct err *err) MUST_CHECK;
int settlement_create_rules(struct batch *batch, struct err *err) MUST_CHECK;

/* A line as it is sold. */
struct sold_line {
    int64_t biz_id;
    int64_t spu_id;
    int64_t sku_id;
    int64_t time_ms;
};

/* The rule that holds for each line at its time: the SKU's, else the SPU's, else the business's, else 0. */
int settlement_rules_at(struct batch *batch, const struct sold_line *lines, size_t n, int64_t *ret_rule_ids,
                        struct err *err) MUST_CHECK;

extern struct batch_plan end_rule_plan, get_rule_plan, list_rules_plan;

#endif
