/* Planted bugs; see plant.h. */
#include "base/plant.h"

#ifdef BMT_PLANTED
#include <stdlib.h>
#include <string.h>

bool planted(const char *name)
{
    const char *wanted = getenv("BMT_PLANT");

    return wanted != NULL && strcmp(wanted, name) == 0;
}
#else
/* A file that is never empty. */
typedef int plant_nothing;
#endif
