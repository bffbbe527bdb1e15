#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SIGTERM: transfers over TLS are completed. Idle connections and handshakes are closed after the
# grace period.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../tls.sh"

make_certificate a a.example
make_file a.bin 8000000 b.bin 60000000
start_tls "$(tls_pairs a)"
curl -sS "${TRUST[@]}" --limit-rate 4M -o "$DIR/out" "$URL/a.bin" & client=$!
printf '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' | perl "$LIB/wire.pl" -t "$(seconds 30)" "$TLS_ADDRESS" >/dev/null & stalled=$!
(printf 'GET /a.bin HTTP/1.1\r\nHost: a.example\r\nRange: bytes=0-9\r\n\r\n' | tls_wire >"$DIR/idle") & idle=$!
await 10 test -s "$DIR/out"
await 10 test -s "$DIR/idle"
kill -TERM "$PID"
wait $stalled
like "$?" '^[04]$' "a handshake is aborted"
wait $idle
is $? 0 "an idle connection is closed"
wait $client
is $? 0 "a transfer continues"
cmp_whole a.bin "a transfer is completed" "$DIR/out"
end_ranged
is $? 0 "the exit status is 0"

# A second signal aborts transfers.
start_tls "$(tls_pairs a)"
curl -sS "${TRUST[@]}" --limit-rate 3M -o "$DIR/cut" "$URL/b.bin" 2>/dev/null & client=$!
await 10 test -s "$DIR/cut"
kill -TERM "$PID"
sleep 0.3
ok "ranged waits for the client" running
kill -TERM "$PID"
end_ranged
is $? 0 "the exit status after a second signal is 0"
wait $client
isnt $? 0 "the client notices that the response is incomplete"
finish
