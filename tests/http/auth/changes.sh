#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A htpasswd file that changes while ranged runs counts within a second or so, what was remembered notwithstanding.
. "$(dirname "$0")/../lib.sh"
need_cmd htpasswd

make_file a.txt 100
htpasswd -bcB -C 5 "$DIR/users" alice old 2>/dev/null
config "auth_file = \"$DIR/users\""
control_clock
start_ranged

answers() { get /a.txt -u "$1"; [ "$STATUS" = "$2" ]; }
now_answers() { advance 2; await 5 answers "$1" "$2"; }
ok "the first one" answers alice:old 200
htpasswd -bB -C 5 "$DIR/users" bob new 2>/dev/null
ok "a user more" now_answers bob:new 200
htpasswd -bB -C 5 "$DIR/users" alice new 2>/dev/null
ok "another password" now_answers alice:old 401
ok "it is the new one" answers alice:new 200
htpasswd -D "$DIR/users" bob 2>/dev/null
ok "a user less" now_answers bob:new 401
ok "the other one is still there" answers alice:new 200

echo 'bob:plain' >>"$DIR/users"
advance 2
ok "a file that is no good is not taken" answers alice:new 200
advance 2
answers alice:new 200
is "$(grep -c 'users:2: .*htpasswd -B.*keeping the previous content' "$DIR/error.log")" 1 "which is said, once"
rm "$DIR/users"
advance 2
ok "nor is one that is not there" answers alice:new 200
htpasswd -bcB -C 5 "$DIR/users" carol x 2>/dev/null
ok "the next good one is" now_answers carol:x 200
ok "for all" answers alice:new 401
not_ok "no hash is in the log" grep -q '2y' "$DIR/error.log"
finish
