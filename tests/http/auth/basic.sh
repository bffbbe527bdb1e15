#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# auth_file: a request needs a user name and a password from the file, whatever its method. Other requests get 401 and a
# challenge only.
. "$(dirname "$0")/../lib.sh"
need_cmd htpasswd

make_file a.txt 100 p/a.bin 10007 p/open/a.txt 100 p/d/index.html 100 q/a.txt 100
htpasswd -bcB -C 5 "$DIR/users" alice 'wonder:land' 2>/dev/null
htpasswd -bB -C 5 "$DIR/users" müller 'größe' 2>/dev/null
config 'cors = {"*"}' "location \"/p/\" { auth_file = \"$DIR/users\"" '  auth_realm = "the den" }' 'location "/p/open/" { auth_file = "" }' \
	'location "/q/" { try = {"/p/a.bin"} }' 'location "/p/d/" { cache_control = "max-age=60" }'
start_ranged

get /a.txt
is "$STATUS" 200 "a file outside the location is served"
get /p/a.bin
is "$STATUS" 401 "a request without a password is 401"
is "$(header WWW-Authenticate)" 'Basic realm="the den", charset="UTF-8"' "the 401 response has the challenge"
not_ok "the body does not contain the file" cmp "$BODY" "$ROOT/p/a.bin"
is "$(header_count ETag)" 0 "the 401 response has no validators of the file"
get /p/absent
is "$STATUS" 401 "a missing file is 401, too"
get /p/open/a.txt
is "$STATUS" 200 "an inner block can switch the password off"

get /p/a.bin -u alice:wonder:land
is "$STATUS" 200 "a right password is accepted"
cmp_whole p/a.bin
is "$(header Cache-Control)" private "the response is private"
get /p/a.bin -u alice:wonder:land -H 'Range: bytes=5-9'
cmp_range p/a.bin 5 9 "a range is served"
get /p/a.bin -u alice:wonder:land -H "If-None-Match: $(header ETag)"
is "$STATUS" 304 "a condition is evaluated"
head_of /p/a.bin -u alice:wonder:land
is "$STATUS" 200 "HEAD with a password is served"
head_of /p/a.bin
is "$STATUS" 401 "HEAD without a password is 401"
get /p/d/ -u alice:wonder:land
is "$STATUS $(header Cache-Control)" "200 max-age=60" \
	"the index of a directory is served with the configured Cache-Control"
get /p/a.bin -u 'müller:größe'
is "$STATUS" 200 "a password in UTF-8 is accepted"

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
is "$STATUS" 401 "two Authorization fields are rejected"

get /q/absent
is "$STATUS" 401 "a file of try needs the password of its location"
get /q/absent -u alice:wonder:land
is "$STATUS" 200 "a file of try is served with a password"
get /p/a.bin -X OPTIONS -H 'Origin: https://x.test' -H 'Access-Control-Request-Method: GET'
is "$STATUS" 204 "a preflight request needs no password"

use_log() { await 5 grep -q "$1" "$DIR/access.log"; }
ok "the user name is in the access log" use_log '^127\.0\.0\.1 - alice .* 200 '
ok "a request without a password has no user name in the access log" use_log '^127\.0\.0\.1 - - .*/p/a.bin.* 401 '
ok "the user name of a failed login is in the access log" use_log '^127\.0\.0\.1 - bob .* 401 '
not_ok "no password is in the logs" grep -qi 'wonder\|YWxpY2' "$DIR/access.log" "$DIR/error.log"
finish
