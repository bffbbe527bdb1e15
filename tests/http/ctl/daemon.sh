#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# ranged-ctl with a running ranged: the output agrees with the requests.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ctl.sh"

make_file a.bin 3000000 d/b.bin 1000000 'd/c é?.bin' 500000
start_ranged --admin "unix:$SOCKET" --admin 127.0.0.1:0
for i in 1 2 3; do get /a.bin && get_range 0-99 /d/b.bin; done
get /absent

run_ctl health
is "$RC $(out)" "0 ok" "health succeeds"
run_ctl ready
is "$RC" 0 "ready succeeds"
run_ctl status
is "$RC $(err)" "0 " "status succeeds"
like "$(out)" '^ranged [0-9.]+ +serving, ready, for ' "status shows the state"
like "$(out)" $'\nrequests +7 in total' "status shows the requests"
like "$(out)" '206 3' "status shows the status 206"
like "$(out)" '404 1' "status shows the status 404"
like "$(out)" $'\ndisk [0-9:]+ ' "status shows the disk"
like "$(out)" "pid $PID" "status shows the process"
like "$(out)" "$DIR/access\.log" "status shows the logs"
run_ctl status --json
is "$(perl -MJSON::PP -e 'local $/; my $j = decode_json(<>); print $j->{requests}{by_status}{206}' "$DIR/ctl.out")" 3 \
	"--json prints the JSON of /status"
run_ctl metrics
like "$(out)" 'ranged_requests_total\{' "metrics prints the metrics"
exec 3<>"/dev/tcp/127.0.0.1/${ADDRESS##*:}" # a client that stays connected
printf "GET /d/b.bin HTTP/1.1\r\nHost: x\r\n\r\n" >&3
(while get /a.bin; do :; done) &
run_ctl top --once --interval 1s
kill $!
exec 3>&-
is "$RC $(err)" "0 " "top --once succeeds"
like "$(out)" 'sent +[0-9.]+ [KMG]iB/s' "top shows the rate"
like "$(out)" 'hits (100|9[0-9.]+) %' "top shows the hits"
like "$(out)" '/a\.bin +[0-9.]+ [KMG]iB/s' "top shows the file"
like "$(out)" '127\.0\.0\.1' "top shows the client"

run_ctl warm /d
is "$RC $(out)" "0 /d: 1.4 MiB of 2 files in memory" "warm reads a directory"
run_ctl pin '/d/c é?.bin'
is "$RC $(out)" "0 /d/c é?.bin: 488.3 KiB pinned" "pin accepts a file with an unusual name"
run_ctl hot
like "$(out)" '488\.3 KiB +488\.3 KiB +yes .*/d/c é\?\.bin' "hot lists the pinned file"
run_ctl evict '/d/c é?.bin'
like "$RC $(out)" "^0 /d/c é\?\.bin: 4[0-9.]+ KiB evicted$" "evict removes the file"
run_ctl hot --limit 1
is "$(wc -l <"$DIR/ctl.out")" 2 "hot lists one file with --limit=1"
run_ctl warm /absent
is "$RC" 66 "warm with a missing file: the exit status is 66"
like "$(err)" "ranged: /absent: " "the message names the file"
run_ctl warm /../secret
isnt "$RC" 0 "a path outside the root is rejected"
CACHE=4M
stop_ranged
start_ranged --admin "unix:$SOCKET"
run_ctl pin /a.bin
is "$RC" 78 "pin over the limit: the exit status is 78"
like "$(err)" "half of cache_size" "the message names the limit"
run_ctl warm /
is "$RC" 74 "warm over the size of the cache: the exit status is 74"
like "$(err)" "the cache is full: /d/b.bin and the files after it were not read" "the message names the file"
like "$(out)" "^/: 2\.9 MiB in memory" "the bytes that were read are printed"
finish
