#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A changed password file takes effect within about a second, also for passwords that have been verified before.
. "$(dirname "$0")/../lib.sh"
need_cmd htpasswd

make_file a.txt 100
htpasswd -bcB -C 5 "$DIR/users" alice old 2>/dev/null
config "auth_file = \"$DIR/users\""
control_clock
start_ranged

answers() { get /a.txt -u "$1"; [ "$STATUS" = "$2" ]; }
now_answers() { advance 2; await 5 answers "$1" "$2"; }
ok "the first password is accepted" answers alice:old 200
htpasswd -bB -C 5 "$DIR/users" bob new 2>/dev/null
ok "a new user is accepted" now_answers bob:new 200
htpasswd -bB -C 5 "$DIR/users" alice new 2>/dev/null
ok "the old password of a user is rejected" now_answers alice:old 401
ok "the new password of a user is accepted" answers alice:new 200
htpasswd -D "$DIR/users" bob 2>/dev/null
ok "a removed user is rejected" now_answers bob:new 401
ok "other users are not affected" answers alice:new 200

echo 'bob:plain' >>"$DIR/users"
advance 2
ok "an invalid file is not used" answers alice:new 200
advance 2
answers alice:new 200
is "$(grep -c 'users:2: .*htpasswd -B.*keeping the previous content' "$DIR/error.log")" 1 \
	"the invalid line is logged once"
rm "$DIR/users"
advance 2
ok "the users remain valid while the file is missing" answers alice:new 200
htpasswd -bcB -C 5 "$DIR/users" carol x 2>/dev/null
ok "a new valid file is used" now_answers carol:x 200
ok "users that are not in the new file are rejected" answers alice:new 401
not_ok "no hash is in the log" grep -q '2y' "$DIR/error.log"
finish
