#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The command line of ranged-sign: its output, its messages, and --check.
. "$(dirname "$0")/../lib.sh"
need_cmd openssl

make_keys 'one 0123456789abcdef' 'two abcdef0123456789'
run() { sign "$@" >"$DIR/out" 2>"$DIR/err" </dev/null; echo $?; }

is "$(sign -e @4102444800 '/a b/x.bin')" "/a%20b/x.bin?e=4102444800&k=one&s=$(code_of 4102444800 '/a b/x.bin')" \
	"a path is signed with the code that openssl computes"
is "$(sign -e 2100-01-01 -r 2K -a 192.0.2.0/24 -p '/a b/')" \
	"/a%20b/?e=4102444800&k=one&a=192.0.2.0/24&r=2048&p=/a%20b&s=$(code_of 4102444800 '/a b' prefix 192.0.2.0/24 2048)" "all options together"
is "$(sign -e @4102444800 'https://h:8443/a%20b/../x.bin?y=1#z')" \
	"https://h:8443/a%20b/../x.bin?y=1&e=4102444800&k=one&s=$(code_of 4102444800 /x.bin)#z" "a URL stays as it is"
like "$(sign --key two /x)" '&k=two&' "--key selects a key"
now=$(date +%s)
e=$(sign /x | sed 's/.*e=\([0-9]*\).*/\1/')
ok "the default expiry is one hour" test "$((e - now))" -ge 3600 -a "$((e - now))" -le 3660
is "$(printf '/a\n\n/b\n' | sign - /c | sed 's/?.*//' | tr '\n' ' ')" "/a /b /c " "- reads paths from standard input"

while read -r status pattern arguments; do
	# shellcheck disable=SC2086
	is "$(run $arguments)" "$status" "the exit status is $status: $arguments"
	like "$(cat "$DIR/err")" "$pattern" "the message names the reason"
done <<-'END'
	64 no.URL.or.path
	64 neither.a.duration -e tomorrow /x
	64 not.in.the.future -e 1999-01-01 /x
	64 not.a.valid.size -r fast /x
	64 neither.an.address -a example.org /x
	64 single.address -c -a 10.0.0.0/8 /x
	65 expected.an.http x.bin
	65 expected.an.http ftp://h/x
	65 already.has.signature http://h/x?e=1
	78 no.key..three -i three /x
END
is "$(run http://h/%zz /x)" 65 "an invalid URL beside a valid one: the exit status is 65"
is "$(wc -l <"$DIR/out")" 1 "the valid URL is printed"
is "$("$RANGED_SIGN" -k "$DIR/absent" /x 2>/dev/null; echo $?)" 66 "a missing key file: the exit status is 66"
is "$("$RANGED_SIGN" /x 2>/dev/null; echo $?)" 64 "no key file: the exit status is 64"
echo x >"$DIR/bad"
like "$("$RANGED_SIGN" -k "$DIR/bad" /x 2>&1; echo $?)" "$DIR/bad:1: expected an id and a secret.*78" \
	"an invalid key file: the exit status is 78"
is "$(sign /x >/dev/full 2>/dev/null; echo $?)" 74 "an output error: the exit status is 74"

like "$(sign -c "$(sign -e 2100-01-01 -p /a)")" '^200 .*expiry 2100-01-01T00:00:00Z, key one, valid for all paths below /a$' \
	"--check describes a valid URL"
like "$(sign -c "http://h/a?e=1&k=one&s=$(code_of 1 /a)")" '^410 .*1970-01-01T00:00:01Z' \
	"--check describes an expired URL"
is "$(run -c "/a?e=1&k=one&s=$(code_of 2 /a)")" 1 "--check exits with status 1 for an invalid URL"
like "$(cat "$DIR/out")" '^403 the signature does not match' "--check names the reason"
like "$(sign -c -a 10.0.0.2 "$(sign -a 10.0.0.1 /x)")" '^403 .*another address' \
	"--check with an address that the URL is not for"
like "$(sign -c "$(sign -a 10.0.0.0/8 /x)")" '^200 .*client 10.0.0.0/8' "--check names the network of the URL"
like "$("$RANGED_SIGN" --version)" '^ranged-sign [0-9]' "--version prints the version"
finish
