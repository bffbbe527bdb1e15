#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A failing allocation never changes a decision: the response is the right one, 500, 503, an aborted one, or none.
. "$(dirname "$0")/../lib.sh"
need_cmd cc gzip
[ -z "$SANITIZED" ] || skip_all "sanitizers have allocators of their own"
cc -O2 -Wall -shared -fPIC -o "$DIR/fail_alloc.so" "$LIB/fail_alloc.c" || exit

make_file a.bin 100 m.bin 300000 p/secret.bin 50 s/signed.bin 50 e/404.html 60 i/index.html 40 t/found.bin 30 v.txt 4000 h/x.key 20 l/1 1 l/2 1
mkdir "$ROOT/b"
make_file b/a.bin 90
gzip -9nk "$ROOT/v.txt"
# Files that have not been requested before.
# shellcheck disable=SC2016
perl -e 'chdir $ARGV[0]; for (1000 .. 2900) { link "a.bin", "cold.$_"; link "v.txt", "v$_.txt"; link "v.txt.gz", "v$_.txt.gz" }' "$ROOT"
age "$ROOT"/*
make_keys "k 30313233343536373839616263646566"
# the password of alice is "wonder"
printf 'alice:%s\n' "$(openssl passwd -6 -salt abcdefgh wonder)" >"$DIR/users"
LONG=$(printf 'x%.0s' $(seq 300))
config 'listing = false' 'trusted_proxies = {"127.0.0.0/8"}' 'requests_per_client = 100000' \
	"location \"/p/\" { auth_file = \"$DIR/users\" auth_realm = \"$LONG\" }" \
	"location \"/s/\" { sign_keys = \"$DIR/keys\" }" \
	'location "/e/" { error_page = "404 /e/404.html" }' \
	'location "/t/" { try = {"{path}.bin", "/t/found.bin"} }' \
	'location "/h/" { hide = {"*.key"} }' \
	'location "/l/" { listing = true listing_limit = 1 }' \
	'location "/d/" { deny = {"192.0.2.0/24"} try = "/a.bin" }' \
	'location "/c/" { cors = {"https://one.example"} try = "/a.bin" download = true cache_control = "max-age=5" header = "X-Long: '"$LONG"'" }' \
	'location "/r/" { redirect = "https://{host}/'"$LONG"'{path}" }' \
	"site \"b.example\" { root = \"$ROOT/b\" }"
truncate -s 4096 "$DIR/control"
PREFIX=(env LD_PRELOAD="$DIR/fail_alloc.so" FAIL_ALLOC="$DIR/control")
start_ranged --workers 1

end='\r\nConnection: close\r\n\r\n'
request() { printf '%s\n' "GET $1 HTTP/1.1\r\nHost: a.example${2:-}$end"; }
signed=$(sign "/s/signed.bin" --expires 1h)
cases=(
	plain "$(request /a.bin)"
	absolute "$(request http://b.example/a.bin)"
	site "GET /a.bin HTTP/1.1\r\nHost: b.example$end"
	password "$(request /p/secret.bin '\r\nAuthorization: Basic YWxpY2U6d29uZGVy')"
	"wrong password" "$(request /p/secret.bin '\r\nAuthorization: Basic YWxpY2U6d29uZGVx')"
	"no password" "$(request /p/secret.bin)"
	signature "$(request "$signed")"
	"wrong signature" "$(request "${signed}x")"
	"no signature" "$(request /s/signed.bin)"
	"error page" "$(request /e/none)"
	index "$(request /i/)"
	folder "$(request /i)"
	try "$(request /t/found)"
	"second try" "$(request /t/none)"
	hidden "$(request /h/x.key)"
	listing "$(request '/l/')"
	"listing as JSON" "$(request '/l/?format=json')"
	denied "$(request /d/x '\r\nX-Forwarded-For: 192.0.2.7')"
	forwarded "$(request /d/x '\r\nX-Forwarded-For: 198.51.100.7')"
	"forwarded in two lines" "$(request /d/x '\r\nX-Forwarded-For: 192.0.2.7\r\nX-Forwarded-For: 127.0.0.9')"
	origin "$(request /c/x '\r\nOrigin: https://one.example')"
	preflight "OPTIONS /c/x HTTP/1.1\r\nHost: a\r\nOrigin: https://one.example\r\nAccess-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: x$end"
	redirect "$(request /r/x)"
	range "$(request /a.bin '\r\nRange: bytes=5-9')"
	multipart "$(request /m.bin '\r\nRange: bytes=0-9,100000-100009,200000-200009')"
	unsatisfiable "$(request /a.bin '\r\nRange: bytes=500-')"
	"condition in two lines" "$(request /a.bin '\r\nIf-None-Match: "x"\r\nIf-None-Match: '"$(etag_of "$ROOT/a.bin")")"
	"failed condition in two lines" "$(request /a.bin '\r\nIf-Match: "x"\r\nIf-Match: "y"')"
	variant "$(request /v.txt '\r\nAccept-Encoding: gzip')"
	"refused in two lines" "$(request /v.txt '\r\nAccept-Encoding: br\r\nAccept-Encoding: identity;q=0')"
	cold "$(request /cold.%d)"
	"cold variant" "$(request /v%d.txt '\r\nAccept-Encoding: gzip, identity;q=0')"
	"cold, no variant" "$(request /v%d.txt)"
	large "$(request /m.bin)"
	HTTP/1.0 'GET /l/?format=json HTTP/1.0\r\n\r\n'
)
perl "$LIB/fail-alloc.pl" "$ADDRESS" "$DIR/control" "${cases[@]}" >"$DIR/wrong"
tried=$(sed -n '$s/ answers$//p' "$DIR/wrong")
diag "$tried answers"
at_least "${tried:-0}" 500 "many allocations failed"
is "$(sed '$d' "$DIR/wrong" | tr -d '\r' | head -c 3000)" "" "no failing allocation changed a decision"
get /a.bin
is "$STATUS" 200 "other requests are served"
cmp_whole a.bin
finish
