#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The key header sets, adds and removes fields of responses of every status.
. "$(dirname "$0")/../lib.sh"

make_file x.bin 1000 plain/x.bin 10
mkdir "$ROOT/d"
config 'header = {"X-Set: one", "+Link: </a>; rel=a", "+Link: </b>; rel=b", "Server: files"}' \
	'location "/plain/" { header = {"-X-Content-Type-Options", "-X-Set", "Content-Type: application/x-mine"} }'
start_ranged
get /x.bin
is "$STATUS $(header X-Set)" "200 one" "a 200 response has the field"
is "$(header_count Link)" 2 "+ adds a second field"
etag=$(header ETag)
get /x.bin -H "If-None-Match: $etag"
is "$STATUS $(header X-Set)" "304 one" "a 304 response has the field"
get_range 0-1 /x.bin
is "$STATUS $(header X-Set)" "206 one" "a 206 response has the field"
get_range 5000-6000 /x.bin
is "$STATUS $(header X-Set)" "416 one" "a 416 response has the field"
is "$(header Content-Range)" "bytes */1000" "a 416 response keeps Content-Range"
get /x.bin -H 'If-Match: "no"'
is "$STATUS $(header X-Set)" "412 one" "a 412 response has the field"
get /absent
is "$STATUS $(header X-Set)" "404 one" "a 404 response has the field"
get /d
is "$STATUS $(header X-Set)" "301 one" "a 301 response has the field"
get /x.bin -X POST
is "$STATUS $(header X-Set)" "405 one" "a 405 response, which is sent before the request is processed, has the field"
get /%zz
is "$STATUS $(header X-Set)" "400 one" "a 400 response has the field"
get /x.bin -X OPTIONS
is "$STATUS $(header X-Set)" "204 one" "a 204 response has the field"
head_of /x.bin
is "$STATUS $(header X-Set)" "200 one" "the response to HEAD has the field"
for _ in 1 2 3; do get /plain/x.bin; done
is "$STATUS $(header_count X-Set)$(header_count X-Content-Type-Options)" "200 00" \
	"- removes fields, also from a prebuilt response"
is "$(header Content-Type)" "application/x-mine" "a field that ranged sets itself can be replaced"
is "$(header_count Content-Type)" 1 "a replaced field occurs once"
cmp_whole plain/x.bin

for bad in 'Content-Length: 5' 'no colon' 'Bad Name: x' 'X-Empty:' '-X: y' 'Date: now'; do
	printf '\nheader = "%s"\n' "$bad" >"$DIR/bad.conf"
	like "$("$RANGED" --check -c "$DIR/bad.conf" "$ROOT" 2>&1)" "bad.conf:2: header: " \
		"$bad is rejected with its line"
done
finish
