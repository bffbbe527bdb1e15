#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# auth_file: who knows a password of the file may come in, whatever he asks for; others get a challenge and nothing else.
. "$(dirname "$0")/../lib.sh"
need_cmd htpasswd

make_file a.txt 100 p/a.bin 10007 p/open/a.txt 100 p/d/index.html 100 q/a.txt 100
htpasswd -bcB -C 5 "$DIR/users" alice 'wonder:land' 2>/dev/null
htpasswd -bB -C 5 "$DIR/users" müller 'größe' 2>/dev/null
config 'cors = {"*"}' "location \"/p/\" { auth_file = \"$DIR/users\"" '  auth_realm = "the den" }' 'location "/p/open/" { auth_file = "" }' \
	'location "/q/" { try = {"/p/a.bin"} }' 'location "/p/d/" { cache_control = "max-age=60" }'
start_ranged

get /a.txt
is "$STATUS" 200 "what is not protected"
get /p/a.bin
is "$STATUS" 401 "nobody"
is "$(header WWW-Authenticate)" 'Basic realm="the den", charset="UTF-8"' "the challenge"
not_ok "no byte of the file" cmp "$BODY" "$ROOT/p/a.bin"
is "$(header_count ETag)" 0 "nor what it is like"
get /p/absent
is "$STATUS" 401 "nor whether it is there"
get /p/open/a.txt
is "$STATUS" 200 "an inner block opens what it wants"

get /p/a.bin -u alice:wonder:land
is "$STATUS" 200 "a password"
cmp_whole p/a.bin
is "$(header Cache-Control)" private "for no shared cache"
get /p/a.bin -u alice:wonder:land -H 'Range: bytes=5-9'
cmp_range p/a.bin 5 9 "a range"
get /p/a.bin -u alice:wonder:land -H "If-None-Match: $(header ETag)"
is "$STATUS" 304 "not modified"
head_of /p/a.bin -u alice:wonder:land
is "$STATUS" 200 "HEAD"
head_of /p/a.bin
is "$STATUS" 401 "HEAD of nobody"
get /p/d/ -u alice:wonder:land
is "$STATUS $(header Cache-Control)" "200 max-age=60" "a folder's index; what a block says of caching stays"
get /p/a.bin -u 'müller:größe'
is "$STATUS" 200 "UTF-8"

for credentials in alice:wonder alice:wonder:lan alice:wonder:landx alice: alice :wonder:land bob:wonder:land Alice:wonder:land: müller:wonder:land; do
	get /p/a.bin -u "$credentials"
	is "$STATUS" 401 "-u $credentials"
done
for field in 'Basic' 'Basic =' 'Basic YWxpY2U' 'Basic YWxpY2U6d29uZGVyOmxhbmQ' 'Bearer YWxpY2U6d29uZGVyOmxhbmQ=' 'Basic YWxpY2U6d29uZGVyOmxhbmQAeA==' \
	"Basic $(head -c 6000 /dev/zero | tr '\0' A)"; do
	get /p/a.bin -H "Authorization: $field"
	is "$STATUS" 401 "Authorization: ${field:0:60}"
done
get /p/a.bin -H 'Authorization: Basic YWxpY2U6d29uZGVyOmxhbmQ=' -H 'Authorization: Basic YWxpY2U6d29uZGVyOmxhbmQ='
is "$STATUS" 401 "two fields"

get /q/absent
is "$STATUS" 401 "the way through a try is no way around"
get /q/absent -u alice:wonder:land
is "$STATUS" 200 "with a password it is one"
get /p/a.bin -X OPTIONS -H 'Origin: https://x.test' -H 'Access-Control-Request-Method: GET'
is "$STATUS" 204 "a preflight brings no password"

use_log() { await 5 grep -q "$1" "$DIR/access.log"; }
ok "the name is logged" use_log '^127\.0\.0\.1 - alice .* 200 '
ok "that of nobody is not" use_log '^127\.0\.0\.1 - - .*/p/a.bin.* 401 '
ok "the name of a failure is" use_log '^127\.0\.0\.1 - bob .* 401 '
not_ok "a password is not" grep -qi 'wonder\|YWxpY2' "$DIR/access.log" "$DIR/error.log"
finish
