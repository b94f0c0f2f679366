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
    sell gold gold-month 'Gold membership' 'Gold, a month' 2592000 '12.50 EUR' 1000000
    spu=$sold_spu sku=$sold
    sell gold gold-year 'Gold membership' 'Gold, a year' 31536000 '120.00 EUR' 1000000
    year=$sold
    sell fair fair-night 'Spring lantern fair' 'Fair, one night' 86400 '9.00 EUR' 1000000
    night=$sold
    sell fair fair-pass 'Spring lantern fair' 'Fair, three nights' 259200 '21.00 EUR' 1000000
    pass=$sold
    as_shop agreement create club-terms --request-id demo-terms --demand REQUIRED --locale en --title 'Terms of the club' \
        --text 'It ends by itself; nothing is renewed. A demonstration: no real money moves.' --sku-ids "$year" \
        --translations '[{"locale":"zh","title":"会员条款","text":"到期自动结束，不会自动续费。演示环境：不会产生真实扣款。"}]' -q >/dev/null
    (
        umask 077
        printf '{"address": "127.0.0.1:%s", "key": "%s", "gateway": "%s", "currency": "EUR",
 "skus": {"gold-month": "%s", "gold-year": "%s", "fair-night": "%s", "fair-pass": "%s"}}\n' \
            "$grpc_port" "$key" "http://127.0.0.1:$gateway_port" "$sku" "$year" "$night" "$pass" >"$var/etc/shop.json.new"
        mv "$var/etc/shop.json.new" "$var/etc/shop.json"
    )
}

# One SKU on sale, its SPU made at the first one; sets `sold` and `sold_spu`. The requests of the first ones have the names
# that older folders know.
sell() { # sell SPU_CODE SKU_CODE SPU_TITLE SKU_TITLE SECONDS PRICE STOCK
    spu_tag=-$1 sku_tag=-$2
    [ "$1" = gold ] && spu_tag=
    [ "$2" = gold-month ] && sku_tag=
    sold_spu=$(as_shop product create "$1" --request-id "demo-spu$spu_tag" --title "$3" -q)
    sold=$(as_shop sku create "$2" --request-id "demo-sku$sku_tag" --spu-id "$sold_spu" --title "$4" \
        --grant "{\"kind\":\"DURATION\",\"amount\":$5}" -q)
    as_shop price create "$sold" --request-id "demo-price$sku_tag" --unit-price "$6" -q >/dev/null
    as_shop stock set "$sold" --request-id "demo-stock$sku_tag" --kind COUNTED --total "$7" -q >/dev/null
    as_shop product publish "$sold_spu" --request-id "demo-publish-spu$spu_tag" -q >/dev/null
    as_shop sku publish "$sold" --request-id "demo-publish-sku$sku_tag" -q >/dev/null
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
