#!/bin/sh
# SPDX-License-Identifier: MIT
# Tries upfront out on a copy of the example shop, in a folder and on ports that nobody uses:
#   config/examples/try.sh UPFRONT        on a terminal: as a person starts it, with the question; Ctrl-C ends it.
#                                         elsewhere: up, ps, the page, what telemetry decided, down; asks nothing
#   config/examples/try.sh UPFRONT demo   the second way, with --telemetry=on; prints the event that landed
# Afterwards the folder is gone. Your settings (a standing no, say) hold; logs and answers are kept in that folder only.
set -u
upfront=$(realpath "$1") || exit 1
demo=${2-}
shop=$(dirname "$(realpath "$0")")/shop

dir=$(mktemp -d "${TMPDIR:-/tmp}/upfront-shop.XXXXXX") || exit 1
running=''
leave() {
	[ -z "$running" ] || "$upfront" -q -C "$dir/shop" down
	rm -rf "$dir"
}
trap leave EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
cp -R "$shop" "$dir/shop" || exit 1
export XDG_STATE_HOME="$dir/state"
unset XDG_RUNTIME_DIR COMPOSE_PROJECT_NAME COMPOSE_FILE

# The first COUNT ports from a random one on that no socket of this machine holds.
free_ports() {
	cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v count="$1" -v seed="$$" '
	{ sub(/.*:/, "", $2); taken[$2] = 1 }
	END {
		srand(seed + srand())
		for (port = 20000 + int(rand() * 10000); count > 0; port++)
			if (!(sprintf("%04X", port) in taken)) {
				print port
				count--
			}
	}'
}
set -- $(free_ports 2)
export REDIS_PORT="$1" SHOP_PORT="$2" SHOP_EVENTS="$dir/shop/data/events.jsonl"
page=http://127.0.0.1:$SHOP_PORT/

show() { # show COMMAND...: as a person would type it, then what it says
	printf '\n$ %s\n' "$*" | sed "s,$upfront -C $dir/shop,upfront,"
	"$@"
}

report() { # what left, or that nothing did
	if [ -s "$SHOP_EVENTS" ]; then
		echo "What was sent, to $SHOP_EVENTS:"
		cat "$SHOP_EVENTS"
	else
		echo "Nothing was sent: $SHOP_EVENTS does not exist."
	fi
}

if [ -z "$demo" ] && [ -t 0 ] && [ -t 2 ]; then
	echo "The shop's page will be at $page - Ctrl-C stops everything."
	trap : INT # upfront gets it too, and ends the stack
	"$upfront" -C "$dir/shop" up
	code=$?
	[ "$code" -ne 0 ] || report
	exit "$code"
fi

running=yes
show "$upfront" -C "$dir/shop" up -d --wait --wait-timeout 60 ${demo:+--telemetry=on} || exit
show "$upfront" -C "$dir/shop" ps || exit
show curl -sS --max-time 5 "$page" || exit
show "$upfront" -C "$dir/shop" telemetry status || exit
echo
if [ -n "$demo" ]; then
	tries=0
	until grep -qs server_start "$SHOP_EVENTS" || [ "$tries" -ge 30 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
fi
report
show "$upfront" -C "$dir/shop" down || exit
running=''
echo
echo "All is down again."
