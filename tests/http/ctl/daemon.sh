#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# ranged-ctl asks ranged itself: what it shows is what was done.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ctl.sh"

make_file a.bin 3000000 d/b.bin 1000000 'd/c é?.bin' 500000
start_ranged --admin "unix:$SOCKET" --admin 127.0.0.1:0
for i in 1 2 3; do get /a.bin && get_range 0-99 /d/b.bin; done
get /absent

run_ctl health
is "$RC $(out)" "0 ok" "health"
run_ctl ready
is "$RC" 0 "ready"
run_ctl status
is "$RC $(err)" "0 " "status"
like "$(out)" '^ranged [0-9.]+ +serving, ready, for ' "it serves"
like "$(out)" $'\nrequests +7 in total' "requests"
like "$(out)" '206 3' "by status"
like "$(out)" '404 1' "each of them"
like "$(out)" $'\ndisk [0-9:]+ ' "the disk"
like "$(out)" "pid $PID" "its process"
like "$(out)" "$DIR/access\.log" "its logs"
run_ctl status --json
is "$(perl -MJSON::PP -e 'local $/; my $j = decode_json(<>); print $j->{requests}{by_status}{206}' "$DIR/ctl.out")" 3 "--json"
run_ctl metrics
like "$(out)" 'ranged_requests_total\{' "metrics"
exec 3<>"/dev/tcp/127.0.0.1/${ADDRESS##*:}" # a client that stays
printf "GET /d/b.bin HTTP/1.1\r\nHost: x\r\n\r\n" >&3
(while get /a.bin; do :; done) &
run_ctl top --once --interval 1s
kill $!
exec 3>&-
is "$RC $(err)" "0 " "top --once"
like "$(out)" 'sent +[0-9.]+ [KMG]iB/s' "bytes a second"
like "$(out)" 'hits (100|9[0-9.]+) %' "hits"
like "$(out)" '/a\.bin +[0-9.]+ [KMG]iB/s' "the file that is asked for"
like "$(out)" '127\.0\.0\.1' "by whom"

run_ctl warm /d
is "$RC $(out)" "0 /d: 1.4 MiB of 2 files in memory" "warm: a folder"
run_ctl pin '/d/c é?.bin'
is "$RC $(out)" "0 /d/c é?.bin: 488.3 KiB pinned" "pin: a file with an odd name"
run_ctl hot
like "$(out)" '488\.3 KiB +488\.3 KiB +yes .*/d/c é\?\.bin' "hot: it is there, and pinned"
run_ctl evict '/d/c é?.bin'
like "$RC $(out)" "^0 /d/c é\?\.bin: 4[0-9.]+ KiB evicted$" "evict"
run_ctl hot --limit 1
is "$(wc -l <"$DIR/ctl.out")" 2 "hot: one of them"
run_ctl warm /absent
is "$RC" 66 "warm: what is not there"
like "$(err)" "ranged: /absent: " "it says so"
run_ctl warm /../secret
isnt "$RC" 0 "nor what is outside"
CACHE=4M
stop_ranged
start_ranged --admin "unix:$SOCKET"
run_ctl pin /a.bin
is "$RC" 78 "pin: more than may be"
like "$(err)" "half of cache_size" "it says so"
run_ctl warm /
is "$RC" 74 "warm: more than there is room for"
like "$(err)" "the cache is full: only the first [0-9]* of" "it says so"
like "$(out)" "^/: [0-9.]+ MiB of [0-9] files in memory" "and what there is"
finish
