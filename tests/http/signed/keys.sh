#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Files of keys: rotation without a restart, one for each location, and what is said when there is something wrong with one.
. "$(dirname "$0")/../lib.sh"

make_file x.bin 1000 other/y.bin 1000
make_keys 'old 0123456789abcdef'
config "sign_keys = \"$DIR/keys\"" "location \"/other/\" { sign_keys = \"$DIR/others\" }"
printf '# of others\n\nold hex:%064d\n' 7 >"$DIR/others"
chmod 644 "$DIR/others"
start_ranged
old=$(sign /x.bin)
get "$old"
is "$STATUS" 200 "the one key"
get "$(sign /other/y.bin)"
is "$STATUS" 403 "which is not that of the location"
get "$(sign /other/y.bin --key-file "$DIR/others" 2>/dev/null)"
is "$STATUS" 200 "that has its own"
like "$(cat "$DIR/error.log")" "warning.* $DIR/others: key file is readable by all users" "a key file that all users can read is logged"
is "$(grep -c "$DIR/keys" "$DIR/error.log")" 0 "no other"

reloads() { grep -cE '(configuration reloaded|reload failed)' "$DIR/error.log"; }
reloads_at_least() { [ "$(reloads)" -ge "$1" ]; }
reload() { # SECRET-LINE...
	local before
	before=$(reloads)
	make_keys "$@"
	kill -HUP "$PID"
	await 10 reloads_at_least $((before + 1))
}
reload 'new hex:00112233445566778899aabbccddeeff' 'old 0123456789abcdef'
new=$(sign /x.bin)
like "$new" 'k=new&' "the first key signs"
for i in 1 2 3 4; do
	get "$new"
	is "$STATUS" 200 "with the new key, whichever worker is asked ($i)"
done
get "$old"
is "$STATUS" 200 "the old one still holds"

reload 'new hex:00112233445566778899aabbccddeeff'
get "$old"
is "$STATUS" 403 "until it is taken away"
get "$new"
is "$STATUS" 200 "the new one stays"

reload 'new short'
like "$(tail -n 2 "$DIR/error.log")" "$DIR/keys:1: .*reload failed" "a bad file is named"
get "$new"
is "$STATUS" 200 "and what was read before holds"
stop_ranged
make_keys 'new hex:00112233445566778899aabbccddeeff'

check() { "$RANGED" --check -c "$DIR/ranged.conf" "$ROOT" 2>&1; }
ok "--check reads them" check
make_keys '' 'short x'
like "$(check)" "$DIR/keys:2: the secret has less than 16 bytes" "a fault is said with its line"
not_ok "and --check fails" check
rm "$DIR/keys"
like "$(check)" "$DIR/keys: No such file" "a file that is not there"
launch_ranged
end_ranged
is $? 69 "without its keys ranged does not start"
finish
