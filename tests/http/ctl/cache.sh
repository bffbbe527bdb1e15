#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# ranged-ctl warm, pin and evict: their requests, their progress and their results.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ctl.sh"

start_admin
answer_with cache/warm 200 application/jsonl <<'END'
{"path": "/d/a", "done_bytes": 0, "total_bytes": 3145728, "files": 0, "elapsed_ms": 250}
!sleep 0.3
{"path": "/d/b", "done_bytes": 1048576, "total_bytes": 3145728, "files": 1, "elapsed_ms": 499}
!sleep 0.3
{"path": "/d/b", "done_bytes": 2097152, "total_bytes": 3145728, "files": 1, "elapsed_ms": 1000}
!sleep 0.3
{"path": "/d", "done_bytes": 3145728, "total_bytes": 3145728, "files": 2, "elapsed_ms": 2000, "done": true}
END
run_ctl warm '/d/é &?' /e --site 'h.example:8080'
is "$RC $(err)" "0 " "warm succeeds"
is "$(cat "$ADMIN/requests")" "POST /cache/warm?path=%2Fd%2F%C3%A9%20%26%3F&site=h.example%3A8080
POST /cache/warm?path=%2Fe&site=h.example%3A8080" "each path is sent with a POST, escaped"
is "$(out)" "/d/é &?: 3.0 MiB of 2 files in memory after 2 s (1 files/s, 1.5 MiB/s)
/e: 3.0 MiB of 2 files in memory after 2 s (1 files/s, 1.5 MiB/s)" "each path has a line with its rates"
run_ctl warm --quiet /d
is "$RC $(out)$(err)" "0 " "--quiet prints nothing"

echo '{"path": "/f", "done_bytes": 1024, "total_bytes": 1024, "files": 1, "done": true}' | answer_with cache/pin 200 application/jsonl
run_ctl pin /f
is "$(out)" "/f: 1.0 KiB pinned" "pin prints its result"
echo '{"path": "/f", "evicted_bytes": 2048, "files": 1, "elapsed_ms": 0, "done": true}' | answer_with cache/evict 200 application/jsonl
run_ctl evict /f
is "$(out)" "/f: 2.0 KiB evicted" "evict prints its result"

# Without a terminal, the progress is printed every 10 s of the operation.
answer_with cache/evict 200 application/jsonl <<'END'
{"path": "/d/a", "evicted_bytes": 1048576, "files": 1000, "elapsed_ms": 9999}
{"path": "/d/b", "evicted_bytes": 2097152, "files": 2000, "elapsed_ms": 10000}
{"path": "/d/c", "evicted_bytes": 2097152, "files": 3000, "elapsed_ms": 19999}
{"path": "/d/d", "evicted_bytes": 3145728, "files": 4000, "elapsed_ms": 20500}
{"path": "/d", "evicted_bytes": 6291456, "files": 500000, "elapsed_ms": 63000, "done": true}
END
run_ctl evict /d
is "$(err)" "/d: 2.0 MiB  2000 files  200 files/s  204.8 KiB/s
/d: 3.0 MiB  4000 files  195 files/s  149.9 KiB/s" "without a terminal, lines are printed now and then"
is "$RC $(out)" "0 /d: 6.0 MiB of 500000 files evicted after 1 min 3 s (7937 files/s, 97.5 KiB/s)" \
	"evict prints the number of files and the rates"
run_ctl evict --quiet /d
is "$RC $(out)$(err)" "0 " "--quiet prints no progress"
printf '{"path": "/d", "evicted_bytes": 10, "files": 5, "elapsed_ms": 1}\n' | answer_with cache/evict 200 application/jsonl
run_ctl evict /d
is "$RC $(out)" "75 " "an incomplete eviction: the exit status is 75"
echo '{"path": "/f", "evicted_bytes": 0, "files": 1, "elapsed_ms": 0, "done": true}' | answer_with cache/evict 200 application/jsonl

printf '{"path": "/f", "done_bytes": 10, "total_bytes": 1024, "files": 0}\n!cut\n' | answer_with cache/pin 200 application/jsonl
run_ctl pin /f
is "$RC $(out)" "75 " "an aborted response: the exit status is 75"
like "$(err)" '^ranged-ctl: /f: .*closed in the middle' "the message names the reason"
echo '{"path": "/f", "done_bytes": 10, "total_bytes": 1024, "files": 0}' | answer_with cache/pin 200 application/jsonl
run_ctl pin /f
is "$RC" 75 "an incomplete response: the exit status is 75"
echo '{"path": "/f", "done_bytes": 10, "total_bytes": 1024, "error": "Input/output error"}' | answer_with cache/pin 200 application/jsonl
run_ctl pin /f
is "$RC $(err)" "74 ranged-ctl: /f: Input/output error" "an error during warming: the exit status is 74"
printf '{"error":"/f: no file is served at this path"}' | answer_with cache/pin 404 application/json
run_ctl pin /f
is "$RC $(err)" "66 ranged-ctl: ranged: /f: no file is served at this path (status 404)" \
	"a missing file: the exit status is 66"
printf '{"error":"half of cache_size can be pinned"}' | answer_with cache/pin 409 application/json
run_ctl pin /f
is "$RC $(err)" "78 ranged-ctl: ranged: half of cache_size can be pinned (status 409)" \
	"a limit of the configuration: the exit status is 78"
is "$(run_ctl pin /f; run_ctl evict /f; echo $RC)" 0 "the next command succeeds"
echo 'nonsense' | answer_with cache/pin 200 text/plain
run_ctl pin /f
is "$RC" 76 "a response of another server: the exit status is 76"

echo '{"path": "/d", "done_bytes": 1024, "total_bytes": 4096, "files": 2, "done": true, "left_out": 1, "error": "/d/x: Input/output error"}' | answer_with cache/pin 200 application/jsonl
run_ctl pin /d
is "$RC $(err) $(out)" "74 ranged-ctl: /d: /d/x: Input/output error /d: 1.0 KiB of 2 files pinned, 1 skipped (unreadable)" \
	"unreadable files of a directory are counted"

if command -v script >/dev/null; then
	on_a_terminal() { TERM=xterm script -qec "'$RANGED_CTL' --socket '$SOCKET' $*" /dev/null </dev/null | tr '\r' '\n'; }
	on_a_terminal warm /d >"$DIR/seen"
	like "$(cat "$DIR/seen")" '1\.0 MiB  1 file  .*/d/b' "a terminal shows the size of a directory"
	like "$(cat "$DIR/seen")" '2\.0 MiB  1 file  1 files/s  2\.0 MiB/s  /d/b' "a terminal shows the progress and the rates"
	is "$(grep -c '^/d: 3\.0 MiB of 2 files in memory' <(sed 's/\x1b\[K//g' "$DIR/seen"))" 1 "the last line remains"
	is "$(on_a_terminal warm --quiet /d)" "" "--quiet prints nothing on a terminal"
	on_a_terminal warm /d/b >"$DIR/seen"
	like "$(cat "$DIR/seen")" '2\.0 MiB of 3\.0 MiB  66\.7 %  2\.0 MiB/s  [01] s left  /d/b' \
		"a terminal shows the remaining bytes and time of a file"
fi
finish
