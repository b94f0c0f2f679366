/*
 * How a refusal looks on the wire: grpc-status, grpc-message and grpc-status-details-bin, which holds a
 * google.rpc.Status with one google.rpc.ErrorInfo (domain `bmt`, reason and metadata of errors.def).
 */
#ifndef BMT_RPC_STATUS_H
#define BMT_RPC_STATUS_H

#include "base/arena.h"
#include "base/err.h"
#include "sql/sql.h"

enum { STATUS_MESSAGE_SIZE = 512 };

#define STATUS_DOMAIN "bmt"

/* The packed google.rpc.Status of a refusal, in the arena. */
struct sql_bytes status_details(const struct err *err, struct arena *arena);

#endif
