/*
 * The forms that text fields can ask for (bmt.common.v1.TextFormat).
 */
#ifndef BMT_RPC_FORM_TEXT_H
#define BMT_RPC_FORM_TEXT_H

#include <stdbool.h>

/* NULL when the text has the form, else what was expected: `an https address`. `text` is UTF-8. */
const char *form_text_expected(int format, const char *text);

/* In sandbox mode URL fields take http addresses too. */
void form_text_allow_http(bool is_allowed);

#endif
