#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Clients that disconnect during a listing, or do not read it, leave nothing behind and delay no other client.
. "$(dirname "$0")/../lib.sh"

mkdir "$ROOT/d"
# shellcheck disable=SC2016
perl -e 'chdir $ARGV[0] or die; for (1 .. 20000) { open my $out, ">", "some file with a number $_" or die; }' "$ROOT/d"
config 'listing = true'
start_ranged
abort() { # COUNT WIRE-OPTION...
	printf 'GET /d/?format=json&sort=size HTTP/1.1\r\nHost: x\r\n\r\n' | wire -n "$1" -t "$(seconds 60)" "${@:2}" >"$DIR/reply"
}
get "/d/?format=json"
size=$(size_of "$BODY")
sleep 0.3
fds=$(fd_count) memory=$(rss_kib)
abort 5 -f 100000 -a
abort 10 -f 1 -q
abort 10 -f 0 -a
ok "after 25 aborts the number of descriptors is the same" await 20 fds_at_most "$fds"
[ -n "$SANITIZED" ] || at_most $(($(rss_kib) - memory)) 70000 "after 25 aborts the memory has grown little"
get "/d/?format=json"
is "$STATUS $(size_of "$BODY")" "200 $size" "other clients are served"
abort 3 -f 0 -a & # ranged is stopped while the listings are read
sleep 0.1
finish
