/* Fail points; see failpoint.h. A handful at a time: a list under a lock, walked only while any is on. */
#include "base/failpoint.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"

enum { POINTS_MAX = 16, NAME_MAX_SIZE = 64 };

enum action { ACTION_ERROR, ACTION_ONCE, ACTION_KILL, ACTION_STOP };

struct point {
    char name[NAME_MAX_SIZE];
    enum action action;
    long passes; /* still let through */
    bool was_hit;
};

_Atomic bool failpoint_any;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct point points[POINTS_MAX];
static size_t n_points;
static _Thread_local const char *within; /* the plan or job that this thread is at */

static const char *const action_names[] = {"error", "once", "kill", "stop"};

static bool action_of(const char *text, size_t size, enum action *ret_action)
{
    for (size_t i = 0; i < COUNT_OF(action_names); i++)
        if (strlen(action_names[i]) == size && strncmp(action_names[i], text, size) == 0) {
            *ret_action = (enum action)i;
            return true;
        }
    return false;
}

/* One `name=action[:N]` of `size` bytes. */
static bool read_point(const char *text, size_t size, struct point *ret_point)
{
    const char *equals = memchr(text, '=', size);
    struct point point = {0};

    if (equals == NULL || equals == text || (size_t)(equals - text) >= sizeof point.name)
        return false;
    memcpy(point.name, text, (size_t)(equals - text));
    const char *action = equals + 1;
    const size_t action_size = strcspn(action, ":,");

    if (!action_of(action, action_size, &point.action))
        return false;
    if (action[action_size] == ':') {
        char *end = NULL;

        point.passes = strtol(action + action_size + 1, &end, 10);
        if (end == action + action_size + 1 || end != text + size || point.passes < 0)
            return false;
    }
    *ret_point = point;
    return true;
}

int failpoint_enable(const char *list, FILE *problems)
{
    for (const char *at = list; *at != '\0';) {
        const size_t size = strcspn(at, ",");
        struct point point;

        if (!read_point(at, size, &point))
            return fprintf(problems, "fail point '%.*s' is not name=error|once|kill|stop[:N]\n", (int)size, at), -1;
        if (n_points == POINTS_MAX)
            return fprintf(problems, "more than %d fail points\n", POINTS_MAX), -1;
        pthread_mutex_lock(&lock);
        points[n_points++] = point;
        failpoint_any = true;
        pthread_mutex_unlock(&lock);
        at += size + (at[size] == ',');
    }
    return 0;
}

void failpoint_disable_all(void)
{
    pthread_mutex_lock(&lock);
    n_points = 0;
    failpoint_any = false;
    pthread_mutex_unlock(&lock);
}

const char *failpoint_within(const char *scope)
{
    const char *before = within;

    within = scope;
    return before;
}

/* `name`, or `scope/name` for who is at that. */
static bool is_meant(const struct point *point, const char *name)
{
    const char *slash = strchr(point->name, '/');
    const size_t size = slash != NULL ? (size_t)(slash - point->name) : 0;

    if (slash == NULL)
        return strcmp(point->name, name) == 0;
    return within != NULL && strlen(within) == size && memcmp(within, point->name, size) == 0 &&
           strcmp(slash + 1, name) == 0;
}

bool failpoint_hit(const char *name)
{
    const char *meant = name;
    bool hits = false;
    enum action action = ACTION_ERROR;

    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < n_points && !hits; i++)
        if (is_meant(&points[i], name) && points[i].passes-- <= 0 &&
            !(points[i].was_hit && (points[i].action == ACTION_ONCE || points[i].action == ACTION_STOP))) {
            hits = points[i].was_hit = true;
            points[i].passes = 0;
            action = points[i].action;
            meant = points[i].name;
        }
    pthread_mutex_unlock(&lock);
    if (hits)
        log_warn("fail point takes effect", log_text("point", meant), log_text("action", action_names[action]));
    if (hits && action >= ACTION_KILL)
        kill(getpid(), action == ACTION_KILL ? SIGKILL : SIGSTOP);
    return hits && action < ACTION_KILL;
}

bool failpoint_was_hit(const char *name)
{
    bool was_hit = false;

    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < n_points; i++)
        was_hit = was_hit || (strcmp(points[i].name, name) == 0 && points[i].was_hit);
    pthread_mutex_unlock(&lock);
    return was_hit;
}
