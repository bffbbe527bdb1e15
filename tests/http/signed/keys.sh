#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Key files: rotation without a restart, one key file per location, and the messages about invalid key files.
. "$(dirname "$0")/../lib.sh"

make_file x.bin 1000 other/y.bin 1000
make_keys 'old 0123456789abcdef'
config "sign_keys = \"$DIR/keys\"" "location \"/other/\" { sign_keys = \"$DIR/others\" }"
printf '# of others\n\nold hex:%064d\n' 7 >"$DIR/others"
chmod 644 "$DIR/others"
start_ranged
old=$(sign /x.bin)
get "$old"
is "$STATUS" 200 "a signature with the key is accepted"
get "$(sign /other/y.bin)"
is "$STATUS" 403 "a key of another location is rejected"
get "$(sign /other/y.bin --key-file "$DIR/others" 2>/dev/null)"
is "$STATUS" 200 "a location can have its own key file"
ok "a key file that all users can read is logged" await 10 grep -qE "warning.* $DIR/others: all users of this machine can read the key file" "$DIR/error.log"
is "$(grep -c "$DIR/keys" "$DIR/error.log")" 0 "other key files are not logged"

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
like "$new" 'k=new&' "ranged-sign uses the first key"
for i in 1 2 3 4; do
	get "$new"
	is "$STATUS" 200 "a signature with the new key is accepted by each worker ($i)"
done
get "$old"
is "$STATUS" 200 "the old key remains valid"

reload 'new hex:00112233445566778899aabbccddeeff'
get "$old"
is "$STATUS" 403 "the old key is rejected after it is removed"
get "$new"
is "$STATUS" 200 "the new key remains valid"

reload 'new short'
like "$(tail -n 2 "$DIR/error.log")" "$DIR/keys:1: .*reload failed" "an invalid key file is logged with its line"
get "$new"
is "$STATUS" 200 "the keys that were read before remain valid"
stop_ranged
make_keys 'new hex:00112233445566778899aabbccddeeff'

check() { "$RANGED" --check -c "$DIR/ranged.conf" "$ROOT" 2>&1; }
ok "--check reads them" check
make_keys '' 'short x'
like "$(check)" "$DIR/keys:2: the secret has fewer than 16 bytes" "the message about a short secret names its line"
not_ok "--check fails" check
rm "$DIR/keys"
like "$(check)" "$DIR/keys: No such file" "a missing key file is reported"
launch_ranged
end_ranged
is $? 69 "ranged does not start without its key file"
finish
