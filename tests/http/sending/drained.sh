#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SIGTERM in mid-body: the long responses that are being sent, one of them of more than 64 MiB, are complete, single and multipart, and each
# connection is closed after its response. Requests pipelined behind them are not lost in mid-response.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 70000001 b.bin 20000001
start_ranged
get_whole_head /b.bin
clients=()
begin() { # NAME PATH REQUEST-FIELDS [MORE]
	printf 'GET %s HTTP/1.1\r\nHost: x\r\n%b\r\n%b' "$2" "$3" "${4:-}" |
		wire -f 100000 -p "$DIR/$1" -t "$(seconds 60)" >"$DIR/$1.reply" &
	clients+=($!)
	await 10 test -e "$DIR/$1.reached"
}
begin whole /a.bin ''
begin range /b.bin 'Range: bytes=1-19000000\r\n'
begin multipart /b.bin 'Range: bytes=1-9000000,12000000-12000100,13000000-\r\n'
begin pipelined /b.bin '' 'GET /a.bin HTTP/1.1\r\nHost: x\r\nRange: bytes=7-99\r\n\r\n'
kill -TERM "$PID"
ok "ranged drains" await 5 grep -q draining "$DIR/error.log"
touch "$DIR"/{whole,range,multipart,pipelined}.go
for client in "${clients[@]}"; do
	wait "$client"
	like "$?" '^[04]$' "the connection is closed after the response"
done
end_ranged
is $? 0 "the exit status is 0"
statuses() { perl "$LIB/replies.pl" "$DIR/$1.reply" "$DIR/$1."; }
is "$(statuses whole)" 200 "the whole file is complete"
cmp_whole a.bin "the whole file is correct" "$DIR/whole.1.body"
is "$(statuses range)" 206 "the range is complete"
cmp_range b.bin 1 19000000 "the range is correct" "$DIR/range.1.body"
STATUS=$(statuses multipart)
cp "$DIR/multipart.1.head" "$HEAD" && cp "$DIR/multipart.1.body" "$BODY"
is_multipart b.bin 1-9000000 12000000-12000100 13000000-20000000
like "$(statuses pipelined)" '^200( 206)?$' "a pipelined response is complete or was not begun"
cmp_whole b.bin "the file before it is correct" "$DIR/pipelined.1.body"
finish
