/* What every C test includes: cmocka with what it wants before it. */
#ifndef BMT_TESTS_LIB_SUITE_H
#define BMT_TESTS_LIB_SUITE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
