/*
 * The contract as the server itself carries it: the descriptor set of all protos, embedded in the binary.
 *
 * protobuf-c drops options and streaming kinds from its stubs, so rules are read from here: rules of methods and
 * fields, idempotency levels, and what reflection answers.
 */
#ifndef BMT_RPC_CONTRACT_H
#define BMT_RPC_CONTRACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/check.h"
#include "rpc/auth.h"
#include "sql/sql.h"

#include "bmt/common/v1/options.pb-c.h"
#include "google/protobuf/descriptor.pb-c.h"

struct contract;

enum idempotency { IDEMPOTENCY_UNKNOWN = 0, IDEMPOTENCY_NO_SIDE_EFFECTS = 1, IDEMPOTENCY_IDEMPOTENT = 2 };

/* What the contract says of a method. */
struct contract_method {
    bool has_rule;
    unsigned roles; /* bit 1 << role */
    int priority;
    unsigned batch_max;
    const char *scope; /* empty: none */
    bool business_optional;
    bool without_request_id; /* changes something, but a repeat does no harm */
    bool is_client_streaming;
    bool is_server_streaming;
    enum idempotency idempotency;
    const char *request; /* `bmt.order.v1.CreateOrderRequest` */
    const char *response;
};

static inline bool contract_allows(const struct contract_method *rule, enum role role)
{
    return (rule->roles & (1u << role)) != 0;
}

/* The embedded one, read at the first use. Never NULL. Thread-safe. */
const struct contract *contract_embedded(void);

/* Reads a descriptor set (which must outlive the arena); NULL when it is malformed. */
const struct contract *contract_read(const uint8_t *set, size_t size, struct arena *arena);

/* False when the contract does not name it. `service` is its full name. */
bool contract_find_method(const struct contract *contract, const char *service, const char *method,
                          struct contract_method *ret_method);

/* By full name; NULL when there is none. */
const Google__Protobuf__DescriptorProto *contract_message(const struct contract *contract, const char *name);

/* The rule of a field, unpacked in the arena; NULL when it has none. */
const Bmt__Common__V1__FieldRule *contract_field_rule(const Google__Protobuf__FieldDescriptorProto *field,
                                                      struct arena *arena);

/*
 * Looks for what the contract must not hold: methods without role, priority or batch limit; requests that can nest in
 * themselves; text or lists of requests without a bound; writing methods without a required request_id; lists
 * without paging; proto3 optional. 0, or -1 with one line for each in `problems`.
 */
int contract_check_set(const struct contract *contract, FILE *problems) MUST_CHECK;
int contract_check(FILE *problems) MUST_CHECK; /* of the embedded one */

/* For reflection and the checks: files with their bytes, and symbols sorted by name. */
struct contract_file {
    const Google__Protobuf__FileDescriptorProto *file;
    struct sql_bytes bytes;
};

enum contract_kind { CONTRACT_MESSAGE, CONTRACT_ENUM, CONTRACT_SERVICE, CONTRACT_METHOD, CONTRACT_EXTENSION };

struct contract_symbol {
    const char *name; /* full, without a leading dot */
    enum contract_kind kind;
    const void *proto; /* the descriptor of the kind */
    size_t file;
};

size_t contract_files(const struct contract *contract, const struct contract_file **ret_files);
size_t contract_symbols(const struct contract *contract, const struct contract_symbol **ret_symbols);
const struct contract_symbol *contract_find_symbol(const struct contract *contract, const char *name);

#endif
