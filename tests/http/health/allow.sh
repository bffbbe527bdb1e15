#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The keys allow and deny of the top level and of its locations bound health checks. Sites do not matter.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
config 'health = /healthz' 'deny = "127.0.0.66"' 'proxy_protocol = "127.0.0.8"' 'trusted_proxies = "127.0.0.7"' \
	'location "/healthz" { allow = {"127.0.0.1", "127.0.0.7", "127.0.0.9"} header = "X-Own: yes" }' \
	'site "s.example" { location "/healthz" { allow = "all" } }'
LISTEN=
start_ranged --listen 127.0.0.1:0 --listen "unix:$DIR/sock"

check() { # ADDRESS STATUS NAME CURL-OPTION...
	get /healthz --interface "$1" "${@:4}"
	is "$STATUS" "$2" "$3"
}
check 127.0.0.1 200 "an address of allow"
check 127.0.0.2 403 "another address"
is "$(header X-Own) $(cat "$BODY")" "yes 403 Forbidden" "the rules of the location apply to the 403"
check 127.0.0.66 403 "a denied address"
check 127.0.0.2 403 "the rules of a site do not apply" -H 'Host: s.example'
check 127.0.0.7 200 "a trusted proxy that forwards no client"
check 127.0.0.7 403 "a client that a trusted proxy forwards" -H 'X-Forwarded-For: 127.0.0.2'
check 127.0.0.7 200 "an allowed client that a trusted proxy forwards" -H 'X-Forwarded-For: 127.0.0.9'
check 127.0.0.7 400 "fields of a proxy that contradict each other" -H 'X-Forwarded-For: 127.0.0.9' -H 'Forwarded: for=127.0.0.2'
get /healthz --unix-socket "$DIR/sock"
is "$STATUS" 403 "a Unix socket is not in allow"
get /a.bin --interface 127.0.0.2
is "$STATUS" 200 "files are served to other addresses"

# A PROXY header names the client. The header of a health check names none (LOCAL), so the peer decides.
proxied() { # HEADER...
	perl -MIO::Socket::INET -e '
		my ($address, $header) = @ARGV;
		my $socket = IO::Socket::INET->new(PeerAddr => $address, LocalAddr => "127.0.0.8") or die;
		print $socket $header =~ s/\\x(..)/chr hex $1/ger, "GET /healthz HTTP/1.0\r\n\r\n";
		$socket->flush;
		print while <$socket>' "$ADDRESS" "$1" >"$DIR/reply"
	perl "$LIB/replies.pl" "$DIR/reply" "$DIR/"
}
is "$(proxied $'PROXY TCP4 127.0.0.9 127.0.0.1 1 2\r\n')" 200 "an allowed client of a PROXY header"
is "$(proxied $'PROXY TCP4 127.0.0.2 127.0.0.1 1 2\r\n')" 403 "another client of a PROXY header"
is "$(proxied '\x0d\x0a\x0d\x0a\x00\x0d\x0aQUIT\x0a\x20\x00\x00\x00')" 403 "a header without a client: the proxy is not in allow"
stop_ranged
is "$(grep -c '/healthz HTTP/1.[01]" 403' "$DIR/access.log")" 7 "each rejected check is logged"

check_config() { printf '%s\n' '# a comment' "$1" >"$DIR/bad.conf"; OUT=$("$RANGED" --check -c "$DIR/bad.conf" 2>&1); }
for value in healthz / /healthz/ //healthz /a//b /./healthz /a/../b /health%7a '/health?z' '/health z' '/héalth' '/a#b'; do
	check_config "health = \"$value\""
	like "$OUT" "bad\.conf:2: health: \"" "the path $value is rejected"
done
check_config "health = \"/$(printf '%0256d' 1)\""
like "$OUT" "bad\.conf:2: health: \"" "a name that is too long is rejected"
check_config 'site "x" { health = /healthz }'
like "$OUT" 'bad\.conf:2: health is not allowed in a site; set it outside all blocks' "the key is not allowed in a site"
finish
