#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Hashes of htpasswd -B, openssl and mkpasswd are accepted. Weak hashes are rejected at the start; the message names the
# line and the remedy.
. "$(dirname "$0")/../lib.sh"
need_cmd htpasswd openssl mkpasswd

make_file a.txt 100
{
	echo '# everybody has the same password'
	echo
	htpasswd -nbB -C 6 bcrypt secret
	echo "sha256:$(openssl passwd -5 secret)"
	echo "sha512:$(openssl passwd -6 secret)"
	echo "rounds:$(mkpasswd -m sha-512 -R 20000 secret)"
	echo "yescrypt:$(mkpasswd -m yescrypt secret):a comment"
	printf '2b:%s\r\n' "$(mkpasswd -m bcrypt -R 5 secret)"
} >"$DIR/users"
config "auth_file = \"$DIR/users\""
start_ranged
for user in bcrypt sha256 sha512 rounds yescrypt 2b; do
	get /a.txt -u $user:secret
	is "$STATUS" 200 "$user: the right password is accepted"
	get /a.txt -u $user:secreT
	is "$STATUS" 401 "$user: a wrong password is rejected"
done
stop_ranged

refused() { # NAME LINE REGEX TEXT
	printf '%s\n' "$4" >"$DIR/bad"
	config "location \"/p/\" { auth_file = \"$DIR/bad\" }"
	OUT=$("$RANGED" --check -c "$DIR/ranged.conf" "$ROOT" 2>&1)
	isnt $? 0 "--check rejects $1"
	like "$OUT" "/bad:$2: .*$3" "--check names the line and the reason: $1"
	OUT=$(timeout "$(seconds 10)" "$RANGED" -c "$DIR/ranged.conf" -l 127.0.0.1:0 "$ROOT" 2>&1)
	like "$OUT" "/bad:$2: .*$3" "the start fails with the same message: $1"
}
refused "MD5 of Apache" 2 'htpasswd -B' "# x
$(htpasswd -nbm a secret)"
refused "SHA-1" 1 'htpasswd -B' "$(htpasswd -nbs a secret)"
refused "DES" 1 'htpasswd -B' "$(htpasswd -nbd a secret)"
refused "a plain password" 1 'htpasswd -B' "a:secret"
refused "a truncated hash" 1 'truncated' "$(htpasswd -nbB a secret | cut -c 1-50)"
refused "a line without a user name" 1 'name:hash' 'secret'
config "auth_file = \"$DIR/absent\""
OUT=$("$RANGED" --check -c "$DIR/ranged.conf" "$ROOT" 2>&1)
isnt $? 0 "a missing file is rejected"
like "$OUT" 'auth_file: .*/absent: No such file' "the message names the missing file"
finish
