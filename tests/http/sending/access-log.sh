#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The access log, the counters and Server-Timing are exact for long responses: whole, multipart, hot, cold, and aborted by
# a client that disconnects.
. "$(dirname "$0")/../lib.sh"
. "$LIB/admin.sh"

make_file a.bin 20000001
config "access_format = '%s %B %{cache}x %D %{range}i'" 'server_timing = true'
CACHE=96M
start_with_admin --workers 1
line() { sed -n "$1p" "$DIR/access.log"; }
lines() { [ "$(wc -l <"$DIR/access.log")" -ge "$1" ]; }

get /a.bin
cmp_whole a.bin "the file is correct"
curl -sS -o /dev/null -o /dev/null "$URL/a.bin" "$URL/a.bin"
get_range 1-15000000 /a.bin
like "$(header Server-Timing)" 'disk;dur=0\.000' "Server-Timing of a hot response has no time of the disk"
get_range 0-4999999,10000000-19999999 /a.bin
length=$(header Content-Length)
ok "each request has a line" await 5 lines 5
like "$(line 1)" '^200 20000001 miss [0-9]+ -$' "a cold file is logged"
like "$(line 4)" '^206 15000000 hit [0-9]+ bytes=1-15000000$' "a hot range is logged"
like "$(line 5)" "^206 $length hit [0-9]+ bytes=0-4999999,10000000-19999999$" "a hot multipart is logged"
take_numbers
bytes() { awk '/^ranged_response_bytes_total/ { sum += $2 } END { printf "%d\n", sum }' "$DIR/metrics"; }
is "$(bytes)" $((3 * 20000001 + 15000000 + length)) "the counters of all sources have the same sum"
before=$(bytes)

# A slow client takes a second for its response.
printf 'GET /a.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' | wire -b 65536 -r 20000000 >"$DIR/reply"
await 5 lines 6
at_least "$(line 6 | cut -d ' ' -f 4)" 500000 "the duration includes the time that the client took (us)"

# The logged bytes of an aborted response are at least those that the client received, and at most those that fit into
# the buffers of both sides in addition.
for option in -a -q; do
	printf 'GET /a.bin HTTP/1.1\r\nHost: x\r\n\r\n' | wire -b 65536 -f 3000000 $option >"$DIR/reply"
done
await 5 lines 8
for number in 7 8; do
	like "$(line $number)" '^200 [0-9]+ hit [0-9]+ -$' "an aborted response is logged"
	sent=$(line $number | cut -d ' ' -f 2)
	at_least "$sent" 2999000 "its bytes are at least those that the client has received"
	at_most "$sent" 19999999 "its bytes are not those of the whole response"
done
take_numbers
logged=$((before + 20000001 + $(line 7 | cut -d ' ' -f 2) + $(line 8 | cut -d ' ' -f 2)))
at_least "$(bytes)" $logged "the counters include the logged bytes of aborted responses"
at_most "$(bytes)" $((logged + 2 * 8388608)) "the counters include no more than the unsent bytes in addition"
finish
