#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Clients that go away in mid-listing, or take nothing of it, leave nothing behind and keep nobody waiting.
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
ok "after 25 aborts there are as many descriptors" await 20 fds_at_most "$fds"
[ -n "$SANITIZED" ] || at_most $(($(rss_kib) - memory)) 70000 "and not much more memory"
get "/d/?format=json"
is "$STATUS $(size_of "$BODY")" "200 $size" "others are served"
abort 3 -f 0 -a & # and the server is told to stop while they are read
sleep 0.1
finish
