#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# access_format = json: each line is a JSON object, whatever the request contains.
# shellcheck disable=SC2016
. "$(dirname "$0")/../lib.sh"

make_file a.bin 1000 long.bin 3000000
config 'access_format = json' 'site "*.example" { header = "X-Y: z" }'
start_ranged
get '/a.bin?q="1"' -A agent/1 -e http://from/
get_range 5-104 /a.bin -H 'Host: www.example:80'
ask 'GET /\xc3\xa9\xff\\x" HTTP/1.1\r\nHost: x\r\nUser-Agent: \x02\xed\xa0\x80\r\nConnection: close\r\n\r\n'
perl -e 'my $r = "GET /a.bin HTTP/1.1\r\nHost: x\r\n"; # bytes that libmicrohttpd accepts
	print map({ $r . "User-Agent: a" . chr($_) . "b\r\n\r\n" } grep { $_ != 10 && $_ != 13 } 1 .. 255), $r . "Connection: close\r\n\r\n"' |
	wire >"$DIR/reply"
ask 'GET /a.bin HTTP/1.1\r\nHost: x\r\nUser-Agent: a\rb\r\nConnection: close\r\n\r\n'
is "$STATUS" 400 "a carriage return in a field is rejected"
get /long.bin
get /long.bin
head_of /long.bin
lines() { [ "$(wc -l <"$DIR/access.log")" = "$1" ]; }
ok "each request has a line" await 10 lines 261
stop_ranged

# EXPRESSION LINE: prints the value of a Perl expression; $j is the object.
value() {
	sed -n "$2p" "$DIR/access.log" | perl -MJSON::PP -e 'my $j = decode_json(scalar <STDIN>); binmode STDOUT, ":utf8"; print eval($ARGV[0]) // "null"' "$1"
}
is "$(perl -MJSON::PP -ne 'my $j = eval { decode_json($_) }; print if !$j || 20 != keys %$j' "$DIR/access.log")" '' \
	"each line is an object with all keys"
is "$(value 'join " ", map { $j->{$_} } qw(method target version status bytes client referer user_agent)' 1)" \
	'GET /a.bin?q="1" HTTP/1.1 200 1000 127.0.0.1 http://from/ agent/1' "a plain one"
is "$(value 'join " ", map { $j->{$_} // "null" } qw(range site user)' 1)" "null null null" "missing values are null"
is "$(value 'join " ", map { $j->{$_} } qw(range status bytes host site)' 2)" "bytes=5-104 206 100 www.example:80 *.example" \
	"a range of a site is logged"
is "$(value 'join ",", $j->{cache}, $j->{port}, $j->{tls} ? 1 : 0' 1)" "miss,${ADDRESS##*:},0" \
	"the first request is a miss"
is "$(value '$j->{cache}' 2)" hit "the second request is a hit"
is "$(grep /long.bin "$DIR/access.log" | grep -o '"cache":[^,}]*' | tr '\n' ' ')" '"cache":"miss" "cache":"hit" "cache":null ' \
	"a large file is a miss, then a hit; HEAD has neither"
is "$(value '$j->{duration_us} >= $j->{wait_us} ? "yes" : "no"' 1)" yes "the duration is at least the waiting time"
like "$(value '$j->{time}' 1)" '^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$' \
	"the time has the right form"
is "$(value '$j->{target}' 3)" '/é\xff\x5cx"' "bytes that are not UTF-8 are escaped"
is "$(value '$j->{user_agent}' 3)" $'\x02\\xed\\xa0\\x80' "surrogates are escaped"
finish
