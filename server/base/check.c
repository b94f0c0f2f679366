/* Broken contracts end the process: what was not committed did not happen. */
#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

void check_failed(const char *kind, const char *condition, const char *file, int line)
{
    fprintf(stderr, "%s broken: %s (%s:%d)\n", kind, condition, file, line);
    abort();
}
