#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every change of a signed URL is answered with 403.
. "$(dirname "$0")/../lib.sh"

make_file a/x.bin 1000 a/y.bin 1000 x.bin 1000
make_keys 'one 0123456789abcdef' 'two abcdef0123456789'
config "sign_keys = \"$DIR/keys\""
start_ranged
url=$(sign /a/x.bin --rate 1M --address 127.0.0.0/8)
get "$url"
is "$STATUS" 200 "the unchanged URL is accepted: $url"
while read -r from to what; do
	changed=${url/"$from"/"$to"}
	[ "$changed" != "$url" ] || fail "$what: the URL is changed"
	get "$changed"
	is "$STATUS" 403 "$what is rejected"
done <<-END
	x.bin y.bin another path
	/a/x.bin /x.bin its name alone
	k=one k=two another key
	k=one k=three a key that there is not
	e=1 e=2 later
	e= e=0 a zero before the time
	r=1048576 r=10485760 another rate
	&r=1048576 & no rate
	a=127.0.0.0/8 a=127.0.0.1 another address
	a=127.0.0.0/8& x no address
	&k= &p=/a&k= a prefix
	&k= &p=/&k= all there is
	&s= &s=x&s= two signatures
	&k= &k=one&k= two keys
	&k= &e=1&k= two times
	&s= &S= none
END
for at in 0 21 42; do
	s=${url##*s=}
	other=A
	[ "${s:$at:1}" != A ] || other=B
	get "${url%s=*}s=${s:0:$at}$other${s:$((at + 1))}"
	is "$STATUS" 403 "another character at position $at is rejected"
done
get "$url=="
is "$STATUS" 403 "padding is rejected"
get "${url/\?/"?format=json&"}&utm=1&x"
is "$STATUS" 200 "other parameters are ignored"
finish
