#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The storage of a root does not respond. A reload, a start and --check with such a root end with a clear message. Later
# reloads are applied. /readyz names the required file whose lookup hangs.
. "$(dirname "$0")/../lib.sh"
# shellcheck source=../../http/admin.sh
. "$LIB/admin.sh"
need_fuse
export TSAN_OPTIONS=${TSAN_OPTIONS:-}:report_thread_leaks=0 # threads that wait for the storage are not joined

printf 'a' >"$ROOT/a.bin"
mkdir -p "$DIR/source/www" "$DIR/remote"
printf 'remote' >"$DIR/source/www/a.bin"
: >"$DIR/source/www/here"
start_mirror "$DIR/source" "$DIR/remote" -o entry_timeout=0,attr_timeout=0
said() { grep -q "$1" "$DIR/error.log"; }
said_again() { [ "$(grep -c "$1" "$DIR/error.log")" -ge "$2" ]; }
soon() { advance 0.5; "$@"; } # lets the time pass ten times as fast as the test waits
ready() { ask_admin /readyz; [ "$STATUS" = "$1" ]; }
remote="site \"b.example\" { root = \"$DIR/remote/www\" require = \"/here\" }"
control_clock

config 'header = "X-Say: 1"'
start_with_admin
hang "$MIRROR"
config 'header = "X-Say: 2"' "$remote"
kill -HUP "$PID"
ok "a reload with a root that does not respond fails" await 10 soon said 'reload failed'
ok "the message names the root" said "cannot serve $DIR/remote/www: does not respond"
get /a.bin
is "$STATUS $(header X-Say)" "200 1" "the running configuration stays in use"
config 'header = "X-Say: 3"'
reload_ranged
get /a.bin
is "$(header X-Say)" 3 "a later reload is applied"
config 'header = "X-Say: 4"' "$remote"
kill -HUP "$PID"
ok "a second reload with this root fails" await 10 soon said_again 'reload failed' 2
"${PRELOADED[@]}" "$RANGED" --check --config "$DIR/ranged.conf" "$ROOT" >"$DIR/check" 2>&1 & checking=$!
ended() { ! kill -0 "$checking" 2>/dev/null; }
ok "--check ends" await 10 soon ended
wait $checking
is $? 78 "the exit status of --check is EX_CONFIG"
ok "its message names the root" grep -q "cannot serve $DIR/remote/www: does not respond" "$DIR/check"
heal "$MIRROR"
reload_ranged
get /a.bin -H 'Host: b.example'
is "$STATUS $(cat "$BODY")" "200 remote" "the root is served when its storage responds"
ok "/readyz reports 200" ready 200

# The lookup of the required file hangs.
hang "$MIRROR"
ok "/readyz reports 503 while the lookup hangs" await 10 soon ready 503
like "$(cat "$BODY")" "^root $DIR/remote/www: the lookup of .* has not ended for [0-9]+ s" "it names the root and the reason"
take_numbers
is "$(metric "ranged_root_ready{root=\"$DIR/remote/www\"}")" 0 "the metric is 0"
get /a.bin
is "$STATUS" 200 "another root is served"
heal "$MIRROR"
ok "/readyz reports 200 when the storage responds" await 5 ready 200
stop_ranged

# A start with this root ends, too. At its end, a sanitizer waits for the thread that hangs.
if [ -z "$SANITIZED" ]; then
	hang "$MIRROR"
	launch_ranged
	ok "a start fails" await 15 soon stopped
	end_ranged
	is $? 69 "the exit status is EX_UNAVAILABLE"
	ok "the message names the root" said_again "cannot serve $DIR/remote/www: does not respond" 3
	heal "$MIRROR"
fi
finish
