#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Over TLS, the header of a short response is sent together with its body, and the records of a long body are sent
# several at a time.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../tls.sh"

need_cmd strace
strace -o /dev/null true 2>/dev/null || skip_all "strace cannot trace here"
[ -z "$SANITIZED" ] || skip_all "a sanitizer makes system calls of its own"
make_certificate a a.example
make_file short.bin 4096
make_file long.bin 4194304
start_tls "$(tls_pairs a)" 'workers = 1'
secure_get /short.bin
secure_get /long.bin
cmp_whole long.bin "the body is correct"

# PATH COUNT: sends requests one after the other on one connection, and sets $sends to the calls of the worker.
trace_requests() {
	local i
	strace -qq -e trace=sendmsg,sendto -o "$DIR/trace" -p "$(threads ranged-r0)" 2>"$DIR/strace" &
	local tracer=$!
	await 5 grep -qs TracerPid.*"$tracer" "/proc/$PID/task/$(threads ranged-r0)/status"
	for ((i = 0; i < $2; i++)); do printf 'url = "%s"\noutput = "%s"\n' "$URL$1" "$DIR/body.$i"; done |
		curl -sS --no-progress-meter "${TRUST[@]}" --config -
	kill "$tracer"
	wait "$tracer" 2>/dev/null
	sends=$(grep -c '^send' "$DIR/trace")
	diag "$2 times $1: $sends calls"
	cmp_whole "${1#/}" "the last body is correct" "$DIR/body.$(($2 - 1))"
}

trace_requests /short.bin 200
at_least "$sends" 200 "each response is sent"
at_most "$sends" 210 "a short response takes one call, and the handshake a few"
# A record has at most 16 KiB, so 16 MiB are 1,024 records. A full socket makes some calls shorter.
trace_requests /long.bin 4
at_most "$sends" 600 "several records of a long response are sent at a time"

# libmicrohttpd sets TCP_CORK for a header that is sent with a very short body. A later response would then wait 200 ms.
make_file tiny.bin 10
for i in {1..100}; do
	printf 'url = "%s"\noutput = "%s"\n' "$URL/tiny.bin" "$DIR/tiny.$i" "$URL/short.bin" "$DIR/short.$i"
done >"$DIR/requests"
ok "responses after very short responses are not delayed" timeout $((10 * RANGED_SLOW)) \
	curl -sS --no-progress-meter "${TRUST[@]}" --config "$DIR/requests"
cmp_whole short.bin "the last body is correct" "$DIR/short.100"
finish
