#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The first request of a TLS 1.3 connection is not delayed. A client that waits for acknowledgements of small packets
# would wait 40 ms for the end of its handshake if the kernel of the server delayed the acknowledgement.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../tls.sh"

need_cmd strace
make_certificate a a.example
make_file x.bin 1000
start_tls "$(tls_pairs a)" 'workers = 1'
strace -f -e trace=setsockopt -o "$DIR/trace" -p "$PID" 2>"$DIR/strace" & trace=$!
await 10 grep -q attached "$DIR/strace"
printf 'GET /x.bin HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n' | tls_wire -tls1_3 >"$DIR/reply"
is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" 200 "the request is served"
ok "the packet is acknowledged at once" await 5 grep -q TCP_QUICKACK "$DIR/trace"
kill $trace
wait $trace
finish
