# The demo business and one purchase, by bmtctl. Sourced by run.sh; every step can be repeated.
# shellcheck shell=sh disable=SC2154,SC2034 # ctl, var, grpc_port and channel_url are run.sh's

as_admin() { BMT_ADDRESS=127.0.0.1:$grpc_port BMT_API_KEY=$(cat "$var/etc/admin.key") BMT_CONFIG=$var/etc/contexts.json "$ctl" "$@"; }
as_shop() { BMT_ADDRESS=127.0.0.1:$grpc_port BMT_API_KEY=$key BMT_CONFIG=$var/etc/contexts.json "$ctl" "$@"; }

# The value of a field of a JSON reply on stdin, by path: json order state
json() {
    node -e 'let t = ""; process.stdin.on("data", (d) => { t += d; }).on("end", () =>
        console.log(process.argv.slice(1).reduce((value, name) => value[name], JSON.parse(t))));' "$@"
}

seed() {
    business=$(as_admin business register demo --request-id demo-business --name 'Demo shop' --currency EUR -q)
    key=$(as_admin key issue --business "$business" --request-id demo-key --role MERCHANT --label development -o json | json key)
    # The same request at every start, whatever port the channel has this time.
    account=$(as_admin channel create main --business "$business" --request-id demo-channel --channel sandbox \
        --title 'Sandbox channel' --merchant demo --secret-name sandbox-main --base-url http://127.0.0.1:7452 \
        --notify-url http://127.0.0.1:7452/relay -q)
    as_admin channel update "$account" --business "$business" --update-mask base_url,notify_url \
        --base-url "$channel_url" --notify-url "$channel_url/relay" -q >/dev/null
    spu=$(as_shop product create gold --request-id demo-spu --title 'Gold membership' -q)
    sku=$(as_shop sku create gold-month --request-id demo-sku --spu-id "$spu" --title 'Gold, a month' \
        --grant '{"kind":"DURATION","amount":2592000}' -q)
    as_shop price create "$sku" --request-id demo-price --unit-price '12.50 EUR' -q >/dev/null
    as_shop stock set "$sku" --request-id demo-stock --kind COUNTED --total 1000000 -q >/dev/null
    as_shop product publish "$spu" --request-id demo-publish-spu -q >/dev/null
    as_shop sku publish "$sku" --request-id demo-publish-sku -q >/dev/null
}

# In place of the person on the channel's page.
person_pays() {
    node -e 'fetch(process.argv[1], { method: "POST", body: new URLSearchParams({ decision: "pay" }) })
        .then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1));' "$1"
}

purchase() {
    user=alice
    quote=$(as_shop quote create $user --currency EUR --line "$sku:2" -q)
    order=$(as_shop order create $user --quote-id "$quote" -q)
    page=$(as_shop order pay "$order" --channel-account-id "$account" --reason demonstration --yes -o json |
        json payment action redirect_url)
    person_pays "$page" || fail "the channel's page $page did not take the payment"
    tries=0
    until [ "$(as_shop order get "$order" -o json | json order state)" = ORDER_STATE_FULFILLED ]; do
        tries=$((tries + 1))
        [ $tries -lt 100 ] || fail "order $order was not fulfilled"
        sleep 0.1
    done
    as_shop order confirm "$order" -q >/dev/null
}

demo() {
    say 'demo business'
    seed
    say 'a purchase'
    purchase
    as_shop order why "$order"
    echo "  $user is entitled to $spu: $(as_shop entitlement check $user --spu-id "$spu" -o json | json is_entitled)"
}
