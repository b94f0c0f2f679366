/* Creating versions of agreements; see ops_agreement.h. */
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "payment/ops_agreement.h"

/* The newest versions as they are, and as the batch makes them. */
struct newest {
    struct agreement_row *rows;
    size_t n;
};

static int find_newest(struct batch *batch, struct newest *ret_newest, struct err *err)
{
    int64_t *biz_ids = arena_array_of(batch->arena, int64_t, batch->n);
    struct agreement_row *rows = NULL;
    size_t n = 0;
    int rc;

    for (size_t i = 0; i < batch->n; i++)
        biz_ids[i] = batch->commands[i]->biz_id;
    rc = payment_store_find_newest_agreements(batch->tx, biz_ids, batch->n, batch->arena, &rows, &n, err);
    if (rc != 0)
        return rc;
    ret_newest->rows = arena_array_of(batch->arena, struct agreement_row, n + batch->n);
    ret_newest->n = n;
    if (n > 0)
        memcpy(ret_newest->rows, rows, n * sizeof *rows);
    return 0;
}

static struct agreement_row *find(const struct newest *newest, const struct create_agreement *c)
{
    for (size_t i = 0; i < newest->n; i++)
        if (newest->rows[i].biz_id == c->command.biz_id && strcmp(newest->rows[i].code, c->code) == 0)
            return &newest->rows[i];
    return NULL;
}

static size_t count_live(const struct newest *newest, int64_t biz_id)
{
    size_t n = 0;

    for (size_t i = 0; i < newest->n; i++)
        n += newest->rows[i].biz_id == biz_id && newest->rows[i].demand != AGREEMENT_WITHDRAWN;
    return n;
}

/* The version that the command makes takes the place of the one before. False: it is one agreement too many. */
static bool succeed(struct create_agreement *c, struct newest *newest, int64_t now_ms)
{
    struct agreement_row *before = find(newest, c);
    const bool is_live = before != NULL && before->demand != AGREEMENT_WITHDRAWN;

    if (!is_live && c->demand != AGREEMENT_WITHDRAWN && count_live(newest, c->command.biz_id) >= AGREEMENTS_MAX) {
        command_refuse(&c->command, ERR_AGREEMENT_LIMIT, err_i64(AGREEMENTS_MAX));
        return false;
    }
    c->view.row = (struct agreement_row){
        .agreement_template_id = id_new(0),
        .biz_id = c->command.biz_id,
        .code = c->code,
        .version = before != NULL ? before->version + 1 : 1,
        .demand = c->demand,
        .created_by = c->command.actor,
        .create_time_ms = now_ms,
    };
    if (before == NULL)
        before = &newest->rows[newest->n++];
    *before = c->view.row;
    return true;
}

/* What its reply shows, and its rows behind those of others. */
static void fill(struct create_agreement *c, struct agreement_text_row *texts, struct agreement_subject_row *subjects,
                 struct arena *arena)
{
    c->view.template_id = c->view.row.agreement_template_id;
    c->view.biz_id = c->command.biz_id;
    c->view.n_locales = c->n_texts;
    c->view.locales = arena_array_of(arena, const char *, c->n_texts);
    for (size_t i = 0; i < c->n_texts; i++) {
        texts[i] = c->texts[i];
        texts[i].agreement_template_id = c->view.template_id;
        texts[i].biz_id = c->command.biz_id;
        texts[i].text_no = (int32_t)i;
        crypto_sha256(texts[i].text, strlen(texts[i].text), texts[i].text_sha256);
        c->view.locales[i] = texts[i].locale;
    }
    c->view.text = texts[0];
    c->view.subjects = subjects;
    c->view.n_subjects = c->n_subjects;
    for (size_t i = 0; i < c->n_subjects; i++) {
        subjects[i] = c->subjects[i];
        subjects[i].agreement_template_id = c->view.template_id;
        subjects[i].biz_id = c->command.biz_id;
    }
}

static int compare_ids(const void *left, const void *right)
{
    const int64_t *a = left;
    const int64_t *b = right;

    return (*a > *b) - (*a < *b);
}

static int count_changes(struct batch *batch, struct err *err)
{
    int64_t *biz_ids = arena_array_of(batch->arena, int64_t, batch->n);
    size_t n = 0;
    size_t n_distinct = 0;

    for_each_command(struct create_agreement, c, batch) biz_ids[n++] = c->command.biz_id;
    if (n > 1)
        qsort(biz_ids, n, sizeof *biz_ids, compare_ids);
    for (size_t i = 0; i < n; i++)
        if (n_distinct == 0 || biz_ids[n_distinct - 1] != biz_ids[i])
            biz_ids[n_distinct++] = biz_ids[i];
    return payment_store_count_agreements(batch->tx, biz_ids, n_distinct, err);
}

int payment_create_agreements(struct batch *batch, struct err *err)
{
    struct agreement_row *rows = arena_array_of(batch->arena, struct agreement_row, batch->n);
    struct agreement_text_row *texts =
        arena_array_of(batch->arena, struct agreement_text_row, batch->n * AGREEMENT_TEXTS_MAX);
    struct agreement_subject_row *subjects =
        arena_array_of(batch->arena, struct agreement_subject_row, batch->n * AGREEMENT_SUBJECTS_MAX);
    struct newest newest = {0};
    size_t n = 0;
    size_t n_texts = 0;
    size_t n_subjects = 0;
    int rc;

    rc = find_newest(batch, &newest, err);
    if (rc != 0)
        return rc;
    for_each_command(struct create_agreement, c, batch)
    {
        if (!succeed(c, &newest, batch->now_ms))
            continue;
        fill(c, texts + n_texts, subjects + n_subjects, batch->arena);
        n_texts += c->n_texts;
        n_subjects += c->n_subjects;
        rows[n++] = c->view.row;
    }
    rc = payment_store_insert_agreements(batch->tx, rows, n, err);
    if (rc == 0)
        rc = payment_store_insert_agreement_texts(batch->tx, texts, n_texts, err);
    if (rc == 0)
        rc = payment_store_insert_agreement_subjects(batch->tx, subjects, n_subjects, err);
    if (rc == 0)
        rc = count_changes(batch, err);
    return rc;
}
