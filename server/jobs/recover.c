/* Recovery as jobs; see recover.h. A server that does not answer is no failure of the job: the next round comes soon.
 */
#include "jobs/recover.h"

#include "sql/recovery.h"

static int recover(struct job_run *run, size_t *ret_done, struct err *err)
{
    (void)err;
    *ret_done = recovery_run(run->session, run->arena, NULL);
    return 0;
}

static int64_t recover_every_ms(const struct conf *conf)
{
    return conf->xa_recover_ms;
}

static int forget(struct job_run *run, size_t *ret_done, struct err *err)
{
    (void)err;
    *ret_done = recovery_forget(run->session, run->arena);
    return 0;
}

static int64_t forget_every_ms(const struct conf *conf)
{
    return conf->xa_forget_every_s * 1000;
}

const struct job recover_job = {
    .name = "platform.recover",
    .every_ms_of = recover_every_ms,
    .everywhere = true,
    .run = recover,
};

const struct job forget_fates_job = {
    .name = "platform.forget_fates",
    .every_ms_of = forget_every_ms,
    .run = forget,
};
