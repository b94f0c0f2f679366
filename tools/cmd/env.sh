# Shared by the commands: where things are, and how to say what happens. Sourced, never run.
# shellcheck shell=sh
top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top" || exit 1
. tools/progress.sh

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
if [ -n "${NO_COLOR:-}" ] || [ ! -t 1 ]; then
    say() { printf '==> %s\n' "$*"; }
fi
fail() {
    echo "bmt: $*" >&2
    exit 1
}

# A wrong word: told at once, before anything is built or started.
misuse() {
    echo "bmt ${0##*/}: $*; ./bmt ${0##*/} --help explains" >&2
    exit 2
}

is_kind() { # is_kind KIND VALUE
    case $1 in
    NUMBER) case $2 in '' | *[!0-9.]* | . | *.*.*) return 1 ;; esac ;;
    *'|'*) case $2 in *'|'*) return 1 ;; esac
        case "|$1|" in *"|$2|"*) ;; *) return 1 ;; esac ;;
    *) case $2 in '' | -*) return 1 ;; esac ;;
    esac
}

# Refuses every word that the command does not take: `takes NAME --flag --option=KIND -- "$@"`, where KIND is NUMBER,
# a choice such as one|xa, or anything else for a text.
takes() {
    known=
    while [ "$1" != -- ]; do
        known="$known $1"
        shift
    done
    shift
    while [ $# -gt 0 ]; do
        kind=
        for one in $known; do
            case $one in
            "$1") kind=alone ;;
            "$1="*) kind=${one#*=} ;;
            esac
        done
        case $kind in
        '') misuse "unknown word '$1'" ;;
        alone) ;;
        *)
            [ $# -gt 1 ] || misuse "$1 needs a value: $kind"
            is_kind "$kind" "$2" || misuse "$1 takes $kind, not '$2'"
            shift
            ;;
        esac
        shift
    done
}

# Builds a preset. `build PRESET [TARGET...]`
build() {
    preset=$1
    shift
    mkdir -p build
    [ -f "build/$preset/build.ninja" ] || cmake --preset "$preset" >"build/$preset.configure.log" 2>&1 || {
        cat "build/$preset.configure.log" >&2
        fail "cannot configure; repeat with: cmake --preset $preset"
    }
    log=build/$preset.build.log
    # shellcheck disable=SC2068 # targets are words
    progress last_line "$log" cmake --build "build/$preset" ${@:+--target} $@ || {
        tail -n 40 "$log" >&2
        fail "cannot build; repeat with: cmake --build build/$preset"
    }
}

# The packages and bundles of the payment SDK.
build_sdk() {
    mkdir -p build
    progress last_line build/sdk.build.log clients/sdk/tools/build || {
        tail -n 40 build/sdk.build.log >&2
        fail 'cannot build the payment SDK; repeat with: clients/sdk/tools/build'
    }
}

# The node packages of a folder, unless those of its lock file are there.
node_packages() {
    folder=$1
    stamp=$folder/node_modules/.bmt-installed
    if [ ! -f "$stamp" ] || ! cmp -s "$folder/package-lock.json" "$stamp"; then
        say "installing node packages of $folder"
        mkdir -p build
        progress last_line build/npm.log npm_ci || {
            tail -n 20 build/npm.log >&2
            fail "npm ci failed in $folder"
        }
        cp "$folder/package-lock.json" "$stamp"
    fi
}
npm_ci() { (cd "$folder" && npm ci --loglevel=http --no-audit --no-fund --no-update-notifier); }
