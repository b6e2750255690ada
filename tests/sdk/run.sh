#!/bin/sh
# SPDX-License-Identifier: MIT
# A real PostHog client, as its users install it, sends events to HOST, which is all it is told beside a key:
#   tests/sdk/run.sh CACHE node|python|go|js HOST [COUNT]
# CACHE keeps what was installed. 77 and a reason on standard output: the client is not to be had here.
set -u
cache=$1 client=$2 host=$3 count=${4:-1}
here=$(cd "$(dirname "$0")" && pwd) || exit 1
# Together below the deadline of a test program; the clients run beside each other.
fetch_seconds=55 build_seconds=150 run_seconds=60

mkdir -p "$cache/tmp" || exit 1
cache=$(cd "$cache" && pwd) || exit 1
log=$cache/$client.log
export TMPDIR="$cache/tmp"

skip() {
	echo "$1"
	exit 77
}
need() {
	command -v "$1" >/dev/null || skip "there is no $1"
}
# quietly SECONDS COMMAND...: what it says goes to the log.
quietly() {
	seconds=$1
	shift
	timeout "$seconds" "$@" >>"$log" 2>&1 </dev/null
}
# ready NAME: what is pinned was installed before. The mark is set last.
ready() {
	[ -e "$cache/$1.ready" ]
}
install_npm() {
	name=$1
	shift
	need npm
	ready "$name" && return 0
	mkdir -p "$cache/$name" && cp "$here/package.json" "$cache/$name/" || exit 1
	quietly "$fetch_seconds" npm install --prefix "$cache/$name" --ignore-scripts --no-audit --no-fund \
		--fetch-retries=1 --fetch-retry-mintimeout=1000 --fetch-timeout=20000 "$@" ||
		skip "the packages $* are not to be had"
	: >"$cache/$name.ready"
}

: >"$log"
case $client in
node)
	need node
	install_npm node-5.70.0 posthog-node@5.70.0
	export NODE_PATH="$cache/node-5.70.0/node_modules"
	timeout "$run_seconds" node "$here/node.js" "$host" "$count"
	;;
js)
	need node
	if CHROMIUM=$(command -v chromium || command -v chromium-browser); then
		export CHROMIUM
		install_npm browser-1.449.2 posthog-js@1.449.2 playwright-core@1.57.0
		export NODE_PATH="$cache/browser-1.449.2/node_modules"
		timeout "$run_seconds" node "$here/browser.js" "$host" "$count"
		exit $?
	fi
	install_npm js-1.449.2 posthog-js@1.449.2 jsdom@26.1.0
	export NODE_PATH="$cache/js-1.449.2/node_modules"
	timeout "$run_seconds" node "$here/page.js" "$host" "$count"
	;;
python)
	need python3
	if ! ready python-7.91.1; then
		quietly "$fetch_seconds" python3 -m venv "$cache/python" || skip 'python3 makes no virtual environment'
		quietly "$fetch_seconds" "$cache/python/bin/pip" install --quiet --disable-pip-version-check \
			--retries 1 --timeout 20 posthog==7.91.1 ||
			skip 'the package posthog is not to be had'
		: >"$cache/python-7.91.1.ready"
	fi
	timeout "$run_seconds" "$cache/python/bin/python" "$here/client.py" "$host" "$count"
	;;
go)
	need go
	if ! ready go-1.23.1; then
		mkdir -p "$cache/go" && cp "$here/client.go" "$cache/go/main.go" && cd "$cache/go" || exit 1
		export GOCACHE="$cache/go-build" GOMODCACHE="$cache/go-modules" GOFLAGS=-modcacherw
		rm -f go.mod go.sum
		quietly 10 go mod init sdk && quietly "$fetch_seconds" go get github.com/posthog/posthog-go@v1.23.1 &&
			quietly "$build_seconds" nice go build -o "$cache/go/client" . || skip 'the module posthog-go is not to be had'
		: >"$cache/go-1.23.1.ready"
	fi
	timeout "$run_seconds" "$cache/go/client" "$host" "$count"
	;;
*)
	echo "usage: $0 CACHE node|python|go|js HOST [COUNT]" >&2
	exit 2
	;;
esac
