/* Agreements as they are shown, in one of their languages; see ops_agreement.h. */
#include "payment/ops_agreement.h"
#include "payment/rules.h"

/* Texts of a page of templates: one page must pass through clients that take 4 MiB, and JSON makes more of it. */
enum { PAGE_BYTES_MAX = 1024 * 1024 };

/* The heads of one template, which stand together; at least one, or someone has deleted rows. */
static const struct agreement_text_head *heads_of(const struct agreement_text_head *heads, size_t n,
                                                  int64_t template_id, size_t *ret_n)
{
    size_t first = 0;
    size_t end;

    while (first < n && heads[first].agreement_template_id != template_id)
        first++;
    end = first;
    while (end < n && heads[end].agreement_template_id == template_id)
        end++;
    *ret_n = end - first;
    return heads + first;
}

/* Chooses the language of a view. Returns the bytes of its text, or -1. */
static int64_t choose(struct agreement_view *view, const struct agreement_text_head *heads, size_t n,
                      struct arena *arena)
{
    const struct agreement_text_head *own = heads_of(heads, n, view->template_id, &view->n_locales);
    size_t chosen;

    if (view->n_locales == 0)
        return -1;
    view->locales = arena_array_of(arena, const char *, view->n_locales);
    for (size_t i = 0; i < view->n_locales; i++)
        view->locales[i] = own[i].locale;
    chosen = payment_choose_locale(view->locales, view->n_locales, view->wanted);
    view->text.text_no = own[chosen].text_no;
    return own[chosen].size;
}

/* How many views fit, with their languages chosen. */
static int choose_all(struct batch *batch, struct agreement_view *views, size_t n, int64_t bytes_max, size_t *ret_n,
                      struct err *err)
{
    int64_t *ids = arena_array_of(batch->arena, int64_t, n);
    struct agreement_text_head *heads = NULL;
    size_t n_heads = 0;
    int64_t bytes = 0;
    int rc;

    for (size_t i = 0; i < n; i++)
        ids[i] = views[i].template_id;
    rc = payment_store_find_agreement_heads(batch->tx, ids, n, batch->arena, &heads, &n_heads, err);
    if (rc != 0)
        return rc;
    for (*ret_n = 0; *ret_n < n; (*ret_n)++) {
        const int64_t size = choose(&views[*ret_n], heads, n_heads, batch->arena);

        if (size < 0)
            return err_fail(err, ERR_INTERNAL_ERROR);
        bytes += size;
        if (*ret_n > 0 && bytes > bytes_max)
            break;
    }
    return 0;
}

static int load_rows(struct batch *batch, struct agreement_view *views, size_t n, struct err *err)
{
    struct payment_key *keys = arena_array_of(batch->arena, struct payment_key, n);
    struct agreement_row *rows = NULL;
    size_t n_rows = 0;
    int rc;

    for (size_t i = 0; i < n; i++)
        keys[i] = (struct payment_key){.id = views[i].template_id, .biz_id = views[i].biz_id};
    rc = payment_store_find_agreements(batch->tx, keys, n, batch->arena, &rows, &n_rows, err);
    for (size_t i = 0; i < n && rc == 0; i++)
        for (size_t j = 0; j < n_rows; j++)
            if (rows[j].agreement_template_id == views[i].template_id)
                views[i].row = rows[j];
    return rc;
}

static int load_texts(struct batch *batch, struct agreement_view *views, size_t n, struct err *err)
{
    struct agreement_text_key *keys = arena_array_of(batch->arena, struct agreement_text_key, n);
    struct agreement_text_row *rows = NULL;
    size_t n_rows = 0;
    int rc;

    for (size_t i = 0; i < n; i++)
        keys[i] = (struct agreement_text_key){.agreement_template_id = views[i].template_id,
                                              .text_no = views[i].text.text_no};
    rc = payment_store_find_agreement_texts(batch->tx, keys, n, batch->arena, &rows, &n_rows, err);
    for (size_t i = 0; i < n && rc == 0; i++)
        for (size_t j = 0; j < n_rows; j++)
            if (rows[j].agreement_template_id == keys[i].agreement_template_id && rows[j].text_no == keys[i].text_no)
                views[i].text = rows[j];
    return rc;
}

static int load_subjects(struct batch *batch, struct agreement_view *views, size_t n, struct err *err)
{
    int64_t *ids = arena_array_of(batch->arena, int64_t, n);
    struct agreement_subject_row *rows = NULL;
    size_t n_rows = 0;
    int rc;

    for (size_t i = 0; i < n; i++)
        ids[i] = views[i].template_id;
    rc = payment_store_find_agreement_subjects(batch->tx, ids, n, batch->arena, &rows, &n_rows, err);
    for (size_t i = 0; i < n && rc == 0; i++) {
        views[i].n_subjects = 0;
        for (size_t j = 0; j < n_rows; j++) /* those of one template stand together */
            if (rows[j].agreement_template_id == views[i].template_id && views[i].n_subjects++ == 0)
                views[i].subjects = &rows[j];
    }
    return rc;
}

int payment_load_agreement_views(struct batch *batch, struct agreement_view *views, size_t n, int64_t bytes_max,
                                 size_t *ret_n, struct err *err)
{
    int rc = choose_all(batch, views, n, bytes_max, ret_n, err);

    if (rc == 0)
        rc = load_rows(batch, views, *ret_n, err);
    if (rc == 0)
        rc = load_texts(batch, views, *ret_n, err);
    if (rc == 0)
        rc = load_subjects(batch, views, *ret_n, err);
    return rc;
}

static int list(struct batch *batch, struct list_agreements *c, struct err *err)
{
    struct agreement_row *rows = NULL;
    size_t n_read = 0;
    int rc;

    rc = payment_store_list_agreements(batch->tx, c->command.biz_id, c->code, &c->list.page, batch->arena, &rows, &c->n,
                                       err);
    if (rc != 0)
        return rc;
    const size_t n_wanted = c->n > (size_t)c->list.page.size ? (size_t)c->list.page.size : c->n;

    c->views = arena_array_of(batch->arena, struct agreement_view, n_wanted);
    for (size_t i = 0; i < n_wanted; i++)
        c->views[i] = (struct agreement_view){
            .template_id = rows[i].agreement_template_id, .biz_id = c->command.biz_id, .wanted = c->locale};
    rc = payment_load_agreement_views(batch, c->views, n_wanted, PAGE_BYTES_MAX, &n_read, err);
    if (rc == 0 && n_read < n_wanted)
        c->list.page.size = (int32_t)n_read; /* the page ends here, the next one begins behind it */
    return rc;
}

static int list_agreements_body(struct batch *batch, struct err *err)
{
    int rc = 0;

    for_each_command(struct list_agreements, c, batch)
    {
        rc = list(batch, c, err);
        if (rc != 0)
            return rc;
    }
    return rc;
}

struct batch_plan list_agreements_plan = {
    .name = "payment.list_agreements", .home = MODULE_PAYMENT, .is_read = true, .body = list_agreements_body};
