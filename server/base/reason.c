/* The record of reasons given; see reason.h. One system call a reason and process, so kills lose nothing. */
#include "base/reason.h"

#ifdef BMT_REASONS
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"

static _Atomic bool was_given[ERR_COUNT];

void reason_given(int id)
{
    char line[64];
    const char *path;
    int file;

    if (atomic_exchange_explicit(&was_given[id], true, memory_order_relaxed))
        return;
    path = getenv("BMT_REASONS_FILE");
    if (path == NULL)
        return;
    const int size = snprintf(line, sizeof line, "%s\n", err_info((enum err_id)id)->reason);

    file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    INVARIANT(file >= 0 && size < (int)sizeof line);
    INVARIANT(write(file, line, (size_t)size) == size);
    close(file);
}
#else
/* A file that is never empty. */
typedef int reason_nothing;
#endif
