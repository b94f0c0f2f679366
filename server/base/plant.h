/*
 * Planted bugs: mistakes of the worst kind, built in on purpose by the option BMT_PLANTED, so that the tests can show
 * that they would be caught (tests/faults/planted). In every other build PLANTED is false and leaves no code.
 *
 *     if (rc != 0 && !PLANTED("prepare_after_error"))
 *
 * One is switched on by the environment variable BMT_PLANT.
 */
#ifndef BMT_BASE_PLANT_H
#define BMT_BASE_PLANT_H

#include <stdbool.h>

#ifdef BMT_PLANTED
bool planted(const char *name);
#define PLANTED(name) planted(name)
#else
#define PLANTED(name) false
#endif

#endif
