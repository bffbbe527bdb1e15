#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# If a file changes in mid-body, the response is cut by the end of the connection, and nothing follows: neither bytes of
# the new version nor the response to a pipelined request. A file that is replaced is sent to its end.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 70000001 b.bin 70000001
cp "$ROOT/a.bin" "$DIR/old"
control_clock
start_ranged

# The connection is kept, and a request is pipelined behind the response.
begin() { # REQUEST-FIELDS
	rm -f "$DIR"/client.*
	printf 'GET /a.bin HTTP/1.1\r\nHost: x\r\n%b\r\nGET /b.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\nRange: bytes=0-9\r\n\r\n' "$1" |
		wire -b 65536 -f 100000 -p "$DIR/client" -t "$(seconds 30)" >"$DIR/reply" &
	client=$!
	await 10 test -e "$DIR/client.reached"
}
end() { # sets RC of the client, and STATUS
	touch "$DIR/client.go"
	wait $client
	RC=$?
	STATUS=$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")
}
restore() {
	rm "$ROOT/a.bin"
	cp "$DIR/old" "$ROOT/a.bin"
	age "$ROOT/a.bin"
	advance 3
}

begin ''
dd if="$ROOT/b.bin" of="$ROOT/a.bin" bs=1M conv=notrunc status=none
end
like "$STATUS $RC" '^200-cut [04]$' "rewritten: the response is cut, and the connection ends"
cmp_range "$DIR/old" 0 $(($(size_of "$DIR/1.body") - 1)) "rewritten: all received bytes are old ones" "$DIR/1.body"
ok "the log names the file and the offset" await 5 grep -qE '/a\.bin: at offset [0-9]+: the file changed' "$DIR/error.log"
restore

begin 'Range: bytes=7-60000000\r\n'
truncate -s 30000000 "$ROOT/a.bin"
end
like "$STATUS $RC" '^206-cut [04]$' "truncated: the response is cut, and the connection ends"
cmp_range "$DIR/old" 7 $(($(size_of "$DIR/1.body") + 6)) "truncated: all received bytes are old ones" "$DIR/1.body"
restore

begin ''
cp "$ROOT/b.bin" "$ROOT/next"
mv "$ROOT/next" "$ROOT/a.bin"
end
is "$STATUS $RC" "200 206 0" "replaced: the response is complete, and the pipelined request is answered"
cmp_whole "$DIR/old" "replaced: all bytes are those of the old version" "$DIR/1.body"
get /a.bin
finish
