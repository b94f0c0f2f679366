/*
 * The form of messages, checked by the rules that stand beside the fields in the protos (bmt.common.v1.field).
 *
 * The runtime checks every request before a handler sees it: text is UTF-8 without NUL (on the wire, since C strings
 * would hide a NUL), nesting and sizes are bounded, and each field keeps its rule. Services call form_check only for
 * items of lists marked each_on_its_own.
 */
#ifndef BMT_RPC_FORM_H
#define BMT_RPC_FORM_H

#include <protobuf-c/protobuf-c.h>

#include "base/check.h"
#include "base/err.h"

/*
 * Checks an unpacked message; `path` is put before field names (`orders[3].`), empty at the top.
 * 0 or the first broken rule in the order of the fields.
 */
int form_check(const ProtobufCMessage *message, const char *path, struct err *err) MUST_CHECK;

#endif
