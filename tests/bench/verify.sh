#!/bin/sh
# Measures verify over a million orders on the databases of a running `up`, called by ./bmt bench verify [--json].
# BMT_DB_SOCKET and BMT_VAR_BENCH say where, BMT_BENCH_ORDERS how many orders (1000000).
set -eu
. tools/progress.sh
n=${BMT_BENCH_ORDERS:-1000000}
sql() { mariadb --no-defaults -u root -S "$BMT_DB_SOCKET" -D bmt_product -N -e "$1"; }
# The chain is written behind the orders; half of a fill would not verify, so it begins where nothing is.
filled=$(sql 'SELECT seq DIV 2 FROM bmt_settlement.chains WHERE chain = 900')
if [ -n "$filled" ]; then
    echo "    $filled orders are there from an earlier time" >&2
    n=$filled
else
    echo "    filling in $n orders" >&2
    progress last_line "$BMT_VAR_BENCH/fill.log" sql "SET @n = $n, @first = 1 << 40, @sku = 4096;
SOURCE tests/bench/fill.sql" >&2 || {
        cat "$BMT_VAR_BENCH/fill.log" >&2
        echo "bench: could not fill; begin anew with another --var, or without $BMT_VAR_BENCH" >&2
        exit 1
    }
fi
begin=$(date +%s%N)
/usr/bin/env -i PATH="$PATH" build/release/clients/bmtctl verify --config "$BMT_VAR_BENCH/etc/bmtd.conf" -o json >"$BMT_VAR_BENCH/verify.json" &
pid=$!
peak=0
while kill -0 $pid 2>/dev/null; do
    now=$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status" 2>/dev/null || true)
    [ -z "$now" ] || peak=$now
    sleep 0.2
done
wait $pid || {
    echo "bench: verify ended with $?; what it found is in $BMT_VAR_BENCH/verify.json" >&2
    exit 1
}
took_ms=$((($(date +%s%N) - begin) / 1000000))
orders=$(sed -n 's/^ *"orders": *\([0-9]*\).*/\1/p' "$BMT_VAR_BENCH/verify.json" | head -1)
rows=$(sed -n 's/^ *"rows": *\([0-9]*\).*/\1/p' "$BMT_VAR_BENCH/verify.json" | head -1)
if [ "${1:-}" = --json ]; then
    echo "{\"name\": \"verify\", \"params\": {\"orders\": $orders, \"rows\": $rows}, \"value\": $took_ms, \"unit\": \"ms\", \"ratios\": {}, \"peak_kib\": $peak}"
else
    echo "verify            $orders orders, $rows rows in $took_ms ms, peak $((peak / 1024)) MiB"
fi
