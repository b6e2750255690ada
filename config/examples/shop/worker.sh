#!/bin/sh
# SPDX-License-Identifier: MIT
# Takes an order now and then and writes the page that nginx serves. Files are put in place whole, so that nobody ever reads
# half a page.
set -eu

put() { # put NAME: standard input becomes data/html/NAME
	cat >"data/html/.$1.new"
	mv "data/html/.$1.new" "data/html/$1"
}

first=yes
while :; do
	orders=$(redis-cli -p "$REDIS_PORT" -e INCR shop:orders)
	printf '{"orders": %s}\n' "$orders" | put counter.json
	put index.html <<-END
		<!doctype html>
		<html lang="en">
		<meta charset="utf-8">
		<meta http-equiv="refresh" content="2">
		<title>The shop</title>
		<h1>The shop</h1>
		<p>Orders so far: <strong>$orders</strong></p>
		</html>
	END
	[ -z "$first" ] || echo "the page is written; telemetry of this run is ${SHOP_TELEMETRY:-not decided}"
	first=''
	echo "orders: $orders"
	sleep "$ORDER_SECONDS"
done
