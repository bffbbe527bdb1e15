#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The output and the exit status of ranged-ctl status, metrics, health, ready and hot.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ctl.sh"

start_admin
run_ctl status
is "$RC $(err)" "0 " "status succeeds"
like "$(head -n 1 "$DIR/ctl.out")" '^ranged 0\.1\.0  serving, ready, for 3 d 4 h$' "the first line shows the state"
like "$(out)" 'rejected +access 12' "rejections that occurred are shown"
like "$(out)" 'disk 8:16 .*1 error' "each disk is shown with its errors"
like "$(out)" 'worker 1: 2 stalls in http, up to 12 ms' "stalls are shown"
like "$(out)" 'stderr, 17 lines, 3 dropped' "lines that a log dropped are shown"
is "$(grep -cE '.{81}' "$DIR/ctl.out")" 0 "no line is longer than 80 columns"
is "$(grep -c '[^ -~]' "$DIR/ctl.out")" 0 "in the C locale the output is ASCII"
COLUMNS=60 run_ctl status
is "$(grep -cE '.{61}' "$DIR/ctl.out")" 0 "no line is longer than COLUMNS"

answer_with status 200 application/json <<'END'
{"version": "9", "new": [1, 2], "state": "draining", "ready": false,
 "devices": 7}
END
run_ctl status
is "$RC" 0 "status accepts unknown keys"
like "$(out)" '^ranged 9 +draining, not ready' "the known values are shown"
run_ctl status --json
is "$(out)" "$(tail -n +2 "$ADMIN/status")" "--json prints the response"

printf 'ranged_ready 1\n' | answer_with metrics 200 text/plain
run_ctl metrics
is "$RC $(out)" "0 ranged_ready 1" "metrics prints the metrics"

echo ok | answer_with healthz 200 text/plain
echo draining | answer_with readyz 503 text/plain
run_ctl health
is "$RC $(out)" "0 ok" "health prints the answer"
run_ctl ready
is "$RC $(out)$(err)" "1 draining" "ready: a 503 response is the exit status 1"
run_ctl ready --quiet
is "$RC $(out)$(err)" "1 " "--quiet prints nothing"

url=http://127.0.0.1:$ADMIN_PORT
is "$("$RANGED_CTL" --url "$url/" ready 2>&1; echo $?)" "draining
1" "by TCP"
is "$(http_proxy=http://127.0.0.1:1 HTTP_PROXY=http://127.0.0.1:1 "$RANGED_CTL" --url "$url" health; echo $?)" "ok
0" "by no proxy, whatever the environment says"

answer_with cache/hot 200 application/json <<'END'
{"files": [{"path": "/a.bin", "site": "", "size": 2097152, "resident_bytes": 1048576, "pinned": true, "requests": 12345},
{"path": "/b\u001b[2J", "site": "h.example", "size": 10, "resident_bytes": 10, "pinned": false, "requests": 1}], "offset": 0, "total": 12000}
END
run_ctl hot --limit 7
is "$RC $(tail -n 1 "$ADMIN/requests")" "0 GET /cache/hot?limit=7&offset=0" "hot requests the given number of files"
run_ctl hot -n 5 --offset 40
is "$RC $(tail -n 1 "$ADMIN/requests")" "0 GET /cache/hot?limit=5&offset=40" "hot requests a later page"
like "$(sed -n 2p "$DIR/ctl.out")" '^ +1\.0 MiB +2\.0 MiB +yes +12\.3k  /a\.bin$' "hot prints one line for each file"
like "$(sed -n 3p "$DIR/ctl.out")" '  h\.example/b\\x1b\[2J$' "hot prints the site, and escapes control codes"
run_ctl hot -j
is "$(out)" "$(tail -n +2 "$ADMIN/cache-hot")" "hot --json prints the response"
if command -v script >/dev/null; then
	like "$(TERM=xterm script -qec "'$RANGED_CTL' --socket '$SOCKET' hot -o 20" /dev/null </dev/null)" \
		'2 of 12000 files; continue with --offset 22' "a terminal shows how to continue"
fi
is "$(LC_ALL=C "$RANGED_CTL" --socket "$SOCKET" hot 2>&1 >/dev/full; echo $?)" "ranged-ctl: standard output: No space left on device
74" "output that can't be written"
like "$("$RANGED_CTL" --version)" '^ranged-ctl [0-9]' "--version prints the version"
finish
