/*
 * A model of the commit protocol (server/sql/xa.h, recovery.h), for SPIN.
 *
 * One coordinator, three branches on three servers, a home server, two recoverers. What is abstracted, and why that is
 * sound: a statement is one atomic step of its server, since a server executes it as a whole; a lost message is a lost
 * connection, since that is all that either side sees; data is one bit a branch, "it wrote all that it had to"; the
 * age that makes a recoverer look is left out, so that it may look at any moment, which allows more than clocks do.
 * One global transaction is enough: two share nothing but locks, which only delay.
 *
 * Faults, a budget of each: the coordinator dies (it may sleep for any time besides), a branch's server or the home
 * server restarts, a recoverer dies and comes back knowing nothing, a reply is lost.
 *
 * Never: one branch committed and another rolled back; a branch committed without the decision, or without all its
 * writes; a caller who heard success without the decision; one who heard failure, with it. Who sees the decision finds
 * what the branches wrote, if it reads with locks (-DREADER).
 * In the end: no branch is prepared (ltl settled, under weak fairness).
 *
 * tests/model/run also runs it with mistakes built in (-DMUT_...); each must be found.
 */
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef LOSSES
#define LOSSES 1
#endif

#define N 3

mtype = { NONE, ACTIVE, PREPARED, COMMITTED, ABORTED };  /* of a branch */
mtype = { OPEN, C, A };                                 /* the decision row */
mtype = { SILENT, SUCCESS, FAILURE, UNCERTAIN };        /* what the caller hears */

mtype branch[N] = NONE;
bool owned[N];          /* the coordinator's connection to it lives */
bool complete[N];       /* it wrote all that it had to */
mtype decision = OPEN;
bool inserting;         /* the coordinator's decision row is written, its COMMIT is not */
bool home_owned = true; /* the coordinator's connection to the home server lives */
bool is_dead;           /* the coordinator */
mtype heard = SILENT;
byte crashes = CRASHES;
byte losses = LOSSES;

/* A connection is gone: what was not prepared is rolled back. */
inline drop(b)
{
    owned[b] = false;
    if
    :: branch[b] == ACTIVE -> branch[b] = ABORTED
    :: else
    fi
}

inline drop_all()
{
    drop(0); drop(1); drop(2);
    inserting = false;
    home_owned = false
}

/* The invariant, looked at after every step that ends a branch or tells the caller. */
inline check()
{
    assert(!((branch[0] == COMMITTED || branch[1] == COMMITTED || branch[2] == COMMITTED) &&
             (branch[0] == ABORTED || branch[1] == ABORTED || branch[2] == ABORTED)));
    assert(!(branch[0] == COMMITTED || branch[1] == COMMITTED || branch[2] == COMMITTED) || decision == C);
    assert(branch[0] != COMMITTED || complete[0]);
    assert(branch[1] != COMMITTED || complete[1]);
    assert(branch[2] != COMMITTED || complete[2]);
    assert(heard != SUCCESS || decision == C);
    assert(heard != FAILURE || decision != C)
}

proctype coordinator()
{
    byte b = 0;

    /* begin: each branch is opened and writes; a statement may be refused */
    do
    :: b < N && !is_dead -> atomic {
           branch[b] = ACTIVE; owned[b] = true;
           if
           :: complete[b] = true
           :: complete[b] = false;
#ifndef MUT_PREPARE_AFTER_ERROR
              goto abort
#endif
           fi;
           b++
       }
    :: b == N -> break
    :: is_dead -> goto gone
    od;

    /* prepare: the order does not matter */
    b = 0;
    do
#ifdef MUT_FINISH_BEFORE_ALL_PREPARED
    :: b == N - 1 -> break
#endif
    :: b < N && !is_dead -> atomic {
           if
           :: !owned[b] -> goto abort
           :: owned[b] && branch[b] == ACTIVE -> branch[b] = PREPARED;
              if
              :: losses > 0 -> losses--; drop(b); goto abort /* prepared, and nobody heard of it */
              :: true
              fi
           fi;
           b++
       }
    :: b == N -> break
    :: is_dead -> goto gone
    od;

#ifdef MUT_DECIDE_AFTER_COMMIT
    atomic {
        if
        :: is_dead -> goto gone
        :: !is_dead && owned[0] && branch[0] == PREPARED -> branch[0] = COMMITTED
        :: else -> goto abort
        fi
    };
#endif

    /* decide: the row meets the tombstone, or waits in the home's own transaction for COMMIT */
    atomic {
        if
        :: is_dead -> goto gone
        :: !is_dead && (!home_owned || decision == A) -> goto abort
        :: !is_dead && home_owned && decision == OPEN -> inserting = true
        fi
    };
    atomic {
        if
        :: is_dead -> goto gone
        :: !is_dead && !home_owned -> goto abort /* lost before COMMIT was sent: it rolled back */
        :: !is_dead && home_owned && inserting -> inserting = false; decision = C;
           if
           :: losses > 0 -> losses--; home_owned = false;
#ifdef MUT_UNCERTAIN_IS_ABORT
              goto abort
#else
              heard = UNCERTAIN; drop_all(); goto gone
#endif
           :: true
           fi
        fi
    };

    /* finish: what cannot be reached is recovery's */
    b = 0;
    do
    :: b < N && !is_dead -> atomic {
           if
           :: owned[b] && branch[b] == PREPARED -> branch[b] = COMMITTED; check();
              if
              :: losses > 0 -> losses--; drop(b)
              :: true
              fi
           :: else
           fi;
           b++
       }
    :: b == N -> break
    :: is_dead -> goto gone
    od;
    atomic {
        if
        :: !is_dead -> heard = SUCCESS; check()
        :: is_dead
        fi
    };
    goto gone;

abort:
    b = 0;
    do
    :: b < N && !is_dead -> atomic {
           if
           :: owned[b] && (branch[b] == ACTIVE || branch[b] == PREPARED) -> branch[b] = ABORTED; check()
           :: else
           fi;
           b++
       }
    :: b == N -> break
    :: is_dead -> goto gone
    od;
    atomic {
        if
        :: !is_dead -> inserting = false; heard = FAILURE; check()
        :: is_dead
        fi
    };
gone:
    skip
}

#ifdef MUT_NOTA_IS_DONE
#define WAITS (branch[b] == PREPARED && !done[b])
#else
#define WAITS (branch[b] == PREPARED)
#endif

proctype recoverer()
{
    byte b = 0;
    mtype fate = OPEN;
#ifdef MUT_NOTA_IS_DONE
    bool done[N];
#endif

    do
    :: atomic { /* look at a prepared branch, and settle its fate */
           WAITS ->
           if
           :: inserting -> fate = OPEN /* waits at the primary key, and comes again */
           :: !inserting && decision != OPEN -> fate = decision
           :: !inserting && decision == OPEN ->
#ifdef MUT_NO_TOMBSTONE
              fate = A
#else
              decision = A; fate = A
#endif
           fi
       };
       if
       :: fate == OPEN -> skip
       :: fate != OPEN -> atomic { /* finish it; another may have been faster */
              if
              :: branch[b] == PREPARED && owned[b] -> /* 1397, and still listed: the owner is ended */
#ifdef MUT_NOTA_IS_DONE
                 done[b] = true
#else
                 drop(b)
#endif
              :: branch[b] == PREPARED && !owned[b] ->
                 if
                 :: fate == C -> branch[b] = COMMITTED
                 :: fate == A -> branch[b] = ABORTED
                 fi;
                 check()
              :: else
              fi
          }
       :: atomic { crashes > 0 -> crashes-- } /* it dies here, and knows nothing when it is back */
       fi;
       fate = OPEN
    :: atomic { !WAITS -> b = (b + 1) % N }
    od
}

/* The coordinator dies; servers restart: connections go, prepared branches and committed rows stay. */
proctype faults()
{
    do
    :: atomic { crashes > 0 && !is_dead -> crashes--; is_dead = true; drop_all(); check() }
    :: atomic { crashes > 0 && branch[0] != NONE -> crashes--; drop(0); check() }
    :: atomic { crashes > 0 && branch[1] != NONE -> crashes--; drop(1); check() }
    :: atomic { crashes > 0 && home_owned -> crashes--; home_owned = false; inserting = false }
    :: break
    od
}

#ifdef READER
/*
 * Someone who sees what the decision has made visible, and reads what belongs to it on another server: with locks, which
 * wait while the branch is prepared. It must be there.
 */
proctype reader()
{
    decision == C;
    atomic {
#ifndef MUT_UNLOCKED_READ
        branch[0] != PREPARED;
#endif
        assert(branch[0] == COMMITTED)
    }
}
#endif

init
{
    atomic {
        run coordinator(); run recoverer(); run recoverer(); run faults();
#ifdef READER
        run reader()
#endif
    }
}

/* A coordinator that sleeps for ever with prepared branches does not hold them: recovery ends its connections. */
ltl settled { <>[] (branch[0] != PREPARED && branch[1] != PREPARED && branch[2] != PREPARED) }
