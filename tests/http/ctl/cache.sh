#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# ranged-ctl warm, pin and evict: their requests, their progress and their results.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ctl.sh"

start_admin
answer_with cache/warm 200 application/jsonl <<'END'
{"path": "/d/a", "done_bytes": 0, "total_bytes": 3145728, "files": 0}
!sleep 0.3
{"path": "/d/b", "done_bytes": 1048576, "total_bytes": 3145728, "files": 1}
!sleep 0.3
{"path": "/d/b", "done_bytes": 2097152, "total_bytes": 3145728, "files": 1}
!sleep 0.3
{"path": "/d", "done_bytes": 3145728, "total_bytes": 3145728, "files": 2, "done": true}
END
run_ctl warm '/d/é &?' /e --site 'h.example:8080'
is "$RC $(err)" "0 " "warm succeeds"
is "$(cat "$ADMIN/requests")" "POST /cache/warm?path=%2Fd%2F%C3%A9%20%26%3F&site=h.example%3A8080
POST /cache/warm?path=%2Fe&site=h.example%3A8080" "each path is sent with a POST, escaped"
is "$(out)" "/d/é &?: 3.0 MiB of 2 files in memory
/e: 3.0 MiB of 2 files in memory" "each path has a line"
run_ctl warm --quiet /d
is "$RC $(out)$(err)" "0 " "--quiet prints nothing"

echo '{"path": "/f", "done_bytes": 1024, "total_bytes": 1024, "files": 1, "done": true}' | answer_with cache/pin 200 application/jsonl
run_ctl pin /f
is "$(out)" "/f: 1.0 KiB pinned" "pin prints its result"
printf '{"evicted_bytes": 2048}' | answer_with cache/evict 200 application/json
run_ctl evict /f
is "$(out)" "/f: 2.0 KiB evicted" "evict prints its result"

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
	like "$(cat "$DIR/seen")" '2\.0 MiB  1 file  [0-9.]+ MiB/s  /d/b' "a terminal shows the progress and the rate"
	is "$(grep -c '^/d: 3\.0 MiB of 2 files in memory' <(sed 's/\x1b\[K//g' "$DIR/seen"))" 1 "the last line remains"
	is "$(on_a_terminal warm --quiet /d)" "" "--quiet prints nothing on a terminal"
	on_a_terminal warm /d/b >"$DIR/seen"
	like "$(cat "$DIR/seen")" '2\.0 MiB of 3\.0 MiB  66\.7 %  [0-9.]+ MiB/s  0 s left  /d/b' \
		"a terminal shows the remaining bytes and time of a file"
fi
finish
