# Shows that a long step goes on. Sourced by whatever runs one, never run.
# shellcheck shell=sh

# The last line of a log, such as ninja's [n/m].
last_line() { tail -n 1 "$1" | cut -c 1-100; }

# What the tests in a log have come to: those of cmocka run by ctest, and those of node.
tests_so_far() {
    awk '/\[       OK \]|^ *ok / { passed++ } /\[  FAILED  \] [^0-9]|^ *not ok / { failed++ }
        / Start +[0-9]+: / { sub(/.*: /, ""); at = ", at " $0 } /^# Subtest: / { sub(/^# Subtest: /, ""); at = ", after " $0 }
        END { print passed + 0 " passed, " failed + 0 " failed" substr(at, 1, 80) }' "$1"
}

# Runs a command whose output goes to a log. Meanwhile a terminal shows every second, and anything else every 10 s, what
# the function SHOW makes of the log, and for how long it runs. Gives the command's code.
progress() { # progress SHOW LOG COMMAND...
    progress_log=$2
    : >"$progress_log"
    progress_watch "$1" &
    progress_watcher=$!
    shift 2
    progress_code=0
    "$@" >"$progress_log" 2>&1 || progress_code=$?
    kill "$progress_watcher" 2>/dev/null || true
    wait "$progress_watcher" 2>/dev/null || true
    [ ! -t 1 ] || printf '\r\033[K'
    return "$progress_code"
}

# In the background, and so beyond Ctrl-C: it ends with the shell that it works for.
progress_watch() { # progress_watch SHOW
    progress_s=0
    while sleep 1 >/dev/null 2>&1 && kill -0 $$ 2>/dev/null; do
        progress_s=$((progress_s + 1))
        [ -t 1 ] || [ $((progress_s % ${BMT_PROGRESS_S:-10})) = 0 ] || continue
        progress_shown=$("$1" "$progress_log")
        if [ -t 1 ]; then
            progress_shown=$(echo "$progress_shown" | cut -c 1-66) # a line that wraps could not be taken back
            printf '\r\033[K    %s%s s' "${progress_shown:+$progress_shown, }" $progress_s
        else
            printf '    %s%s s\n' "${progress_shown:+$progress_shown, }" $progress_s
        fi
    done
}
