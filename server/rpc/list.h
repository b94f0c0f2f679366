/* A list as its command carries it: where it goes on, and what its next token is bound to. See rpc/proto.h. */
#ifndef BMT_RPC_LIST_H
#define BMT_RPC_LIST_H

#include "rpc/page.h"

struct list {
    struct page page;
    const char *query;
};

#endif
