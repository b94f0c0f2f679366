#!/bin/sh
# Starts database, bmtd, channel, gateway and demo shop in BMT_UP_VAR, shows a purchase, and keeps them until it ends. Called by `up`.
set -eu
# shellcheck source=tools/cmd/env.sh
. "$(dirname "$0")/env.sh"

mode=$1
var=$BMT_UP_VAR
bin=$top/build/release
ctl=$bin/clients/bmtctl
mkdir -p "$var/run" "$var/log" "$var/etc"
chmod 700 "$var/etc" "$var/run"

# A Unix socket's path holds 107 bytes: a deep folder gets a short one beside it.
sockets=$var/run
if [ ${#sockets} -gt 85 ]; then
    short=$(cat "$var/run/short" 2>/dev/null || true)
    [ -d "$short" ] || short=$(mktemp -d /tmp/bmt.XXXXXX)
    echo "$short" >"$var/run/short"
    sockets=$short
fi

as_root=
[ "$(id -u)" = 0 ] && as_root=--user=root

# Before anything that our end would undo.
if [ -f "$var/run/up.pid" ] && kill -0 "$(cat "$var/run/up.pid")" 2>/dev/null; then
    fail "already running here (process $(cat "$var/run/up.pid")); stop it with ./bmt down, or use another --var"
fi
echo $$ >"$var/run/up.pid"

pids=
stop_all() {
    trap '' INT TERM
    for pid in $pids; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    pids=
    rm -f "$var/run/up.pid" "$var/run/up.ready"
}
trap 'stop_all' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

started() { pids="$1 $pids"; }

wait_for() { # wait_for WHAT PID LOG COMMAND...
    what=$1 pid=$2 log=$3
    shift 3
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        if ! kill -0 "$pid" 2>/dev/null || [ $tries -gt 300 ]; then
            tail -n 20 "$log" >&2
            fail "$what did not start (log: $log)"
        fi
        sleep 0.1
    done
}

# What a database may hold in memory, in MiB: a quarter of the machine's, or of what its group may use, divided by the
# databases. It is taken as data are read. With less than they have, every long read goes to the disk.
cache_mib() { # cache_mib DATABASES
    for source in /proc/meminfo /sys/fs/cgroup/memory.max; do
        sed -n 's/^MemTotal: *\([0-9]*\) kB$/\1/p; t; s/^\([0-9]*\)[0-9]\{3\}$/\1/p' "$source" 2>/dev/null || true
    done | awk -v n="$1" 'NR == 1 || $1 < least { least = $1 }
        END { mib = int(least / 4096 / n); if (mib < 256) mib = 256; if (mib > 8192) mib = 8192; print mib }'
}

# A private MariaDB in var/NAME on a Unix socket of that name; sets `socket`. It has a folder of its own for temporary
# tables: a starting server deletes those that it finds in a shared one. Its redo log is not MariaDB's 96 MiB: with that a
# busy database writes pages out all the time to make room in it.
start_database() { # start_database NAME
    socket=$sockets/$1.sock
    data=$var/$1
    mkdir -p "$var/run/$1.tmp"
    if [ ! -d "$data/mysql" ]; then
        # shellcheck disable=SC2086 # empty or one word
        TMPDIR=$var/run/$1.tmp mariadb-install-db --no-defaults $as_root --auth-root-authentication-method=normal \
            --skip-test-db --force --datadir="$data" >"$var/log/$1-install.log" 2>&1 || {
            tail -n 20 "$var/log/$1-install.log" >&2
            fail 'could not make the database'
        }
    fi
    # shellcheck disable=SC2086
    TMPDIR=$var/run/$1.tmp mariadbd --no-defaults $as_root --datadir="$data" --socket="$socket" --skip-networking \
        --skip-log-bin --innodb-flush-log-at-trx-commit=1 --innodb-buffer-pool-size="${cache}M" \
        --innodb-log-file-size=512M >>"$var/log/$1.log" 2>&1 &
    db=$!
    started $db
    wait_for 'the database' $db "$var/log/$1.log" mariadb --no-defaults -u root -S "$socket" -e 'SELECT 1'
}

servers=${BMT_UP_SERVERS:-1}
cache=$(cache_mib "$servers")
if [ -d "$var/db" ] && [ "$servers" != "$(cat "$var/run/servers" 2>/dev/null || echo 1)" ]; then
    fail "the data in $var were made with another --servers; take another --var"
fi
echo "$servers" >"$var/run/servers"
if [ "$servers" = 3 ]; then
    say 'databases: orders, products, payments'
    start_database db-product
    product_socket=$socket
    start_database db-payment
    payment_socket=$socket
    start_database db
    map="commit_mode = \"xa\"; cluster = \"bmt-up\"; servers = ( { name = \"main\"; socket = \"$socket\"; user = \"root\"; },
        { name = \"product\"; socket = \"$product_socket\"; user = \"root\"; },
        { name = \"payment\"; socket = \"$payment_socket\"; user = \"root\"; } );
    modules = ( { module = \"product\"; server = \"product\"; }, { module = \"payment\"; server = \"payment\"; } );"
else
    say 'database'
    start_database db
    map="servers = ( { name = \"main\"; socket = \"$socket\"; user = \"root\"; } );"
fi

# Settings and secrets: made once, never shown but for the development key.
secret() {
    [ -s "$1" ] || (
        umask 077
        od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"$1"
        echo >>"$1"
    )
}
secret "$var/etc/pepper"
[ -s "$var/etc/admin.key" ] || (umask 077 && "$bin/bmtd" --new-key >"$var/etc/admin.key")
[ -s "$var/etc/token.pem" ] || (umask 077 && node -e '
    const { generateKeyPairSync } = require("node:crypto");
    process.stdout.write(generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }));
' >"$var/etc/token.pem")

write_settings() { # write_settings GRPC_PORT METRICS_PORT
    cat >"$var/etc/bmtd.conf" <<END
# Made by ./bmt up; rewritten at each start.
mode = "sandbox";
listen = "127.0.0.1:$1";
metrics: { listen = "127.0.0.1:$2"; };
secrets_dir = "$var/etc/channels";
auth: { pepper_file = "$var/etc/pepper"; admin_key_file = "$var/etc/admin.key"; token_key_file = "$var/etc/token.pem"; };
database: { $map };
END
}

say 'schemas'
write_settings 0 0
"$bin/bmtd" --config "$var/etc/bmtd.conf" --migrate >"$var/log/migrate.log" 2>&1 || {
    cat "$var/log/migrate.log" >&2
    fail 'migrations failed'
}

# A default port that someone else has gives way to a free one; a port that was asked for does not.
start_bmtd() {
    rm -f "$var/run/bmtd.ready"
    "$bin/bmtd" --config "$var/etc/bmtd.conf" --ready-file "$var/run/bmtd.ready" >>"$var/log/bmtd.log" 2>&1 &
    bmtd=$!
    while [ ! -s "$var/run/bmtd.ready" ] && kill -0 $bmtd 2>/dev/null; do sleep 0.05; done
    if [ ! -s "$var/run/bmtd.ready" ]; then
        wait $bmtd && code=0 || code=$?
        return "$code"
    fi
    started $bmtd
}

say 'bmtd'
wanted=${BMT_UP_PORT:-7450}
write_settings "$wanted" $((wanted + 1))
code=0
start_bmtd || code=$?
if [ $code = 5 ] && [ -z "$BMT_UP_PORT" ]; then
    echo "    port $wanted or $((wanted + 1)) is taken, using free ones"
    write_settings 0 0
    code=0
    start_bmtd || code=$?
fi
[ $code = 0 ] || {
    tail -n 20 "$var/log/bmtd.log" >&2
    fail "bmtd ended with $code (log: $var/log/bmtd.log)"
}
read -r grpc_port metrics_port <"$var/run/bmtd.ready"

say 'channel simulator'
start_channel() {
    rm -f "$var/run/channel.ready"
    node tests/channelsim/main.js --port "$1" --keys "$var/etc/channel" --relay-to "127.0.0.1:$grpc_port" \
        --fee-basis-points 250 --log "$var/log/channel.jsonl" --ready-file "$var/run/channel.ready" >>"$var/log/channel.log" 2>&1 &
    channel=$!
    while [ ! -s "$var/run/channel.ready" ] && kill -0 $channel 2>/dev/null; do sleep 0.05; done
    [ -s "$var/run/channel.ready" ] && started $channel
}
start_channel $((grpc_port + 2)) || start_channel 0 || {
    tail -n 20 "$var/log/channel.log" >&2
    fail 'the channel simulator did not start'
}
channel_url=http://127.0.0.1:$(cat "$var/run/channel.ready")
mkdir -p "$var/etc/channels"
cp "$var/etc/channel/merchant.secret" "$var/etc/channels/sandbox-main"
cp "$var/etc/channel/channel.pub.pem" "$var/etc/channels/sandbox-main.pub"
chmod 600 "$var/etc/channels/sandbox-main"

# It reads its settings at each request: they are complete when the demo business is.
say 'demo shop'
start_shop() {
    rm -f "$var/run/shop.ready"
    node clients/sdk/demo/server.js --port "$1" --settings "$var/etc/shop.json" --ready-file "$var/run/shop.ready" >>"$var/log/shop.log" 2>&1 &
    shop=$!
    while [ ! -s "$var/run/shop.ready" ] && kill -0 $shop 2>/dev/null; do sleep 0.05; done
    [ -s "$var/run/shop.ready" ] && started $shop
}
start_shop $((grpc_port + 4)) || start_shop 0 || {
    tail -n 20 "$var/log/shop.log" >&2
    fail 'the demo shop did not start'
}
shop_port=$(cat "$var/run/shop.ready")

say 'gateway'
start_gateway() {
    rm -f "$var/run/gateway.ready"
    "$bin/clients/bmt-gateway" --listen "127.0.0.1:$1" --server "127.0.0.1:$grpc_port" \
        --origins "$origins,http://localhost:$shop_port,http://127.0.0.1:$shop_port" \
        --ready-file "$var/run/gateway.ready" >>"$var/log/gateway.log" 2>&1 &
    gateway=$!
    while [ ! -s "$var/run/gateway.ready" ] && kill -0 $gateway 2>/dev/null; do sleep 0.05; done
    [ -s "$var/run/gateway.ready" ] && started $gateway
}
origins=${BMT_UP_ORIGINS:-http://localhost:8080}
start_gateway $((grpc_port + 3)) || start_gateway 0 || {
    tail -n 20 "$var/log/gateway.log" >&2
    fail 'the gateway did not start'
}
read -r gateway_port _ <"$var/run/gateway.ready"

# Where nginx is installed one of our own stands before the gateway; the system's is left alone.
nginx_line=
nginx_program=$(PATH=$PATH:/usr/sbin command -v nginx || true)
if [ -n "$nginx_program" ]; then
    say 'nginx'
    rm -f "$var/run/nginx/nginx.pid"
    tools/nginx "$nginx_program" "$var/run/nginx" $((grpc_port + 5)) "127.0.0.1:$gateway_port" >>"$var/log/nginx.log" 2>&1 &
    nginx=$!
    while [ ! -s "$var/run/nginx/nginx.pid" ] && kill -0 $nginx 2>/dev/null; do sleep 0.05; done
    if [ -s "$var/run/nginx/nginx.pid" ]; then
        started $nginx
        nginx_line="
  TLS       https://localhost:$((grpc_port + 5))   (nginx; certificate $var/run/nginx/certificate.pem)"
    else
        echo "    nginx did not start, going on without it (log: $var/log/nginx.log)"
    fi
fi

. tools/cmd/demo.sh
demo

if [ "$mode" = once ]; then
    say 'stopping'
    stop_all
    exit 0
fi
cat <<END

  gRPC      127.0.0.1:$grpc_port   (reflection on)
  metrics   http://127.0.0.1:$metrics_port/metrics
  shop      http://localhost:$shop_port   (buy in a browser)
  gateway   http://127.0.0.1:$gateway_port   (Connect protocol; pages of the shop and of $origins)$nginx_line
  channel   $channel_url
  business  $business
  API key   $key

  BMT_ADDRESS=127.0.0.1:$grpc_port BMT_API_KEY=$key $ctl order list

Ctrl-C or ./bmt down stops everything.
END
(
    umask 077
    cat >"$var/run/endpoints" <<END
BMT_ADDRESS=127.0.0.1:$grpc_port
BMT_API_KEY=$key
BMT_BUSINESS=$business
BMT_DB_SOCKET=$socket
BMT_GATEWAY=http://127.0.0.1:$gateway_port
BMT_SHOP=http://localhost:$shop_port
END
)
touch "$var/run/up.ready"
while :; do
    for pid in $pids; do
        kill -0 "$pid" 2>/dev/null || {
            tail -n 20 "$var"/log/bmtd.log "$var"/log/db.log "$var"/log/gateway.log "$var"/log/shop.log >&2
            fail 'a process has ended'
        }
    done
    sleep 1 &
    wait $! || true
done
