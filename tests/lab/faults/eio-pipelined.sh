#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A bad block in mid-body, single and multipart: the response is cut by the end of the connection, and a request that is
# pipelined behind it is not answered. All received bytes are correct, and the log has the path and the offset.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../../http/verify.sh"

need_fuse
mkdir "$DIR/source" "$DIR/mirror"
ROOT=$DIR/source
make_verified 20000000 1000000
start_faultfs "$DIR/source" "$DIR/mirror"
ROOT=$DIR/mirror
start_ranged
ROOT=$DIR/source
get_whole_head /20000000.bin

cut_at() { # NAME RANGES STATUS
	printf 'GET /20000000.bin HTTP/1.1\r\nHost: x\r\nRange: bytes=%s\r\n\r\nGET /1000000.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' "$2" |
		wire -t "$(seconds 20)" >"$DIR/reply"
	like "$?" '^[04]$' "$1: the connection ends"
	is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" "$3-cut" "$1: the response is cut, and nothing follows"
	ok "$1: the log has the path and the offset" await 5 grep -qE '/20000000\.bin: at offset [0-9]+: Input/output error; transfer aborted' "$DIR/error.log"
}
# shellcheck disable=SC2034 # for verify.sh
EXPECTED=$ROOT
set_fault 0 5 0 8388608
cut_at "a range" 100-15000000 206
length=$(size_of "$DIR/1.body")
at_least "$length" 4000000 "most of the bytes before the bad block are sent"
cmp_range 20000000.bin 100 $((length + 99)) "the received bytes are correct" "$DIR/1.body"
cut_at "a multipart" 100-5000000,7000000-16000000 206
boundary=$(boundary_of "$DIR/1.head")
multipart_reference "$boundary" application/octet-stream "$ROOT/20000000.bin" 100-5000000 7000000-16000000 >"$DIR/expected"
ok "the received bytes of the multipart are correct" cmp -n "$(size_of "$DIR/1.body")" "$DIR/expected" "$DIR/1.body"

verify "with a bad block" requests=300 long=50 depth=3 faults=1 connections=8
at_least "$(verified cut)" 5 "some of the responses are cut"
set_fault 0 0 0
verify "after the disk has recovered" requests=300 long=50 depth=3 connections=8
finish
