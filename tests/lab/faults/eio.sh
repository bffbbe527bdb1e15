#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# EIO: the response is 503 before the first byte, and is aborted after it. The log has one line with path, offset and
# error.
. "$(dirname "$0")/../lib.sh"

need_fuse
make_content() { make_file a.bin 200000; make_file b.bin 30000000; }
mount_faulty_disk "$ROOT"
mkdir "$DIR/good"
ROOT=$DIR/good
make_file a.bin 200000 b.bin 30000000
ROOT=$DIR/www
start_ranged
head_of /a.bin
head_of /b.bin

set_fault 0 5 0
get /a.bin
is "$STATUS $(header Retry-After)" "503 1" "the response is 503 with Retry-After"
at_most "$(size_of "$BODY")" 1024 "the 503 response has a small body"
get_range 100000-100009 /a.bin
is "$STATUS" 503 "a range is 503"
logged() { grep -E "(error|warning): .*$1" "$DIR/error.log"; }
ok "the error is logged" await 5 logged a.bin
like "$(logged a.bin | head -n 1)" 'a\.bin.* [0-9]+.*Input/output error' \
	"the line has the path, the offset and the error"
at_most "$(logged a.bin | wc -l)" 1 "the error is logged once"

set_fault 0 0 0
get /a.bin
is "$STATUS" 200 "the file is served after the disk has recovered"
cmp_whole "$DIR/good/a.bin" "the body is correct"

printf 'GET /b.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' | wire -b 65536 -f 100000 -p "$DIR/client" >"$DIR/reply" &
client=$!
await 10 test -e "$DIR/client.reached"
set_fault 0 5 0
touch "$DIR/client.go"
wait $client
is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" 200-cut "after the first byte the response is aborted"
length=$(size_of "$DIR/1.body")
ok "all $length received bytes are correct" cmp -n "$length" "$DIR/good/b.bin" "$DIR/1.body"
ok "the error is logged" await 5 logged b.bin
like "$(logged b.bin | head -n 1)" 'b\.bin.* [1-9][0-9]+.*Input/output error' \
	"the line has the path, the offset and the error"
set_fault 0 0 0
get /b.bin
is "$STATUS" 200 "the file is served after the disk has recovered"
cmp_whole "$DIR/good/b.bin" "the body is correct"
finish
