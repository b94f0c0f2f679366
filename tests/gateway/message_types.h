/* All messages that the services are called with, by name: for tests of the gateway's JSON. */
#ifndef BMT_TESTS_GATEWAY_MESSAGE_TYPES_H
#define BMT_TESTS_GATEWAY_MESSAGE_TYPES_H

#include <stddef.h>

#include <protobuf-c/protobuf-c.h>

/* Before the others. Stops the process when there are more than it has room for. */
void message_types_read(void);
size_t message_types_count(void);
const ProtobufCMessageDescriptor *message_types_at(size_t i);
/* NULL when there is none. */
const ProtobufCMessageDescriptor *message_types_named(const char *name);

#endif
