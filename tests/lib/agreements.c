/* See agreements.h. */
#include "lib/agreements.h"

#include "flows/accept_agreement.h"
#include "flows/create_agreement.h"
#include "lib/suite.h"

struct create_agreement agreement_named(const char *code, enum agreement_demand demand)
{
    static struct agreement_text_row texts[64];
    static size_t n;
    struct agreement_text_row *text = &texts[n++ % 64];

    *text = (struct agreement_text_row){.locale = "en", .title = "Terms", .text = "What you agree to."};
    return (struct create_agreement){.code = code, .demand = (int32_t)demand, .texts = text, .n_texts = 1};
}

struct agreement_view given_agreement(struct test_db *test, const char *code, enum agreement_demand demand,
                                      const struct agreement_subject_row *subject)
{
    struct create_agreement c = agreement_named(code, demand);

    if (subject != NULL) {
        c.subjects = arena_memdup(test->arena, subject, sizeof *subject);
        c.n_subjects = 1;
    }
    assert_int_equal(act(test, &create_agreement_plan, &c, sizeof c, NULL), 0);
    return c.view;
}

struct accept_agreement acceptance_of(const struct agreement_view *view, const char *user_id)
{
    return (struct accept_agreement){.template_id = view->template_id,
                                     .user_id = user_id,
                                     .locale = "",
                                     .token_sha256 = {.data = (const uint8_t *)"", .size = 0}};
}

void given_acceptance(struct test_db *test, const struct agreement_view *view, const char *user_id)
{
    struct accept_agreement c = acceptance_of(view, user_id);

    assert_int_equal(act(test, &accept_agreement_plan, &c, sizeof c, NULL), 0);
}
