/*
 * Repairing a break: look whether it is still there, do what its kind proposes, look again. The doing is a flow, in
 * transactions of its own; what is noted of it afterwards is no part of them, and repeating the whole is harmless.
 */
#ifndef BMT_RECONCILE_REPAIR_H
#define BMT_RECONCILE_REPAIR_H

#include "reconcile/store.h"

struct repair_break {
    const char *actor;
    const char *request_id;
    const char *reason;
    int64_t break_id;
    bool is_look; /* nothing is changed: only tell what would be */

    struct break_row row; /* as it is afterwards */
    const char *done;
};

/* Where the looks look; set once at start. */
void repair_use_database(struct db *db);

/* 0, ERR_BREAK_NOT_FOUND, ERR_BREAK_NO_REPAIR, or an error of the flow that was tried. Texts live in the arena. */
int repair_break(struct session *session, struct arena *arena, struct repair_break *repair, struct err *err) MUST_CHECK;

#endif
