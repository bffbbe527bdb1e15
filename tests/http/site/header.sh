#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# header: sets, adds and takes away fields, whatever the status.
. "$(dirname "$0")/../lib.sh"

make_file x.bin 1000 plain/x.bin 10
mkdir "$ROOT/d"
config 'header = {"X-Set: one", "+Link: </a>; rel=a", "+Link: </b>; rel=b", "Server: files"}' \
	'location "/plain/" { header = {"-X-Content-Type-Options", "-X-Set", "Content-Type: application/x-mine"} }'
start_ranged
get /x.bin
is "$STATUS $(header X-Set)" "200 one" "200"
is "$(header_count Link)" 2 "two of one name"
etag=$(header ETag)
get /x.bin -H "If-None-Match: $etag"
is "$STATUS $(header X-Set)" "304 one" "304"
get_range 0-1 /x.bin
is "$STATUS $(header X-Set)" "206 one" "206"
get_range 5000-6000 /x.bin
is "$STATUS $(header X-Set)" "416 one" "416"
is "$(header Content-Range)" "bytes */1000" "which keeps its own"
get /x.bin -H 'If-Match: "no"'
is "$STATUS $(header X-Set)" "412 one" "412"
get /absent
is "$STATUS $(header X-Set)" "404 one" "404"
get /d
is "$STATUS $(header X-Set)" "301 one" "301"
get /x.bin -X POST
is "$STATUS $(header X-Set)" "405 one" "405, which is answered on sight"
get /%zz
is "$STATUS $(header X-Set)" "400 one" "400"
get /x.bin -X OPTIONS
is "$STATUS $(header X-Set)" "204 one" "204"
head_of /x.bin
is "$STATUS $(header X-Set)" "200 one" "HEAD"
for _ in 1 2 3; do get /plain/x.bin; done
is "$STATUS $(header_count X-Set)$(header_count X-Content-Type-Options)" "200 00" "taken away, also from a reply that was made before"
is "$(header Content-Type)" "application/x-mine" "a field of ranged's own is replaced"
is "$(header_count Content-Type)" 1 "and there once"
cmp_whole plain/x.bin

for bad in 'Content-Length: 5' 'no colon' 'Bad Name: x' 'X-Empty:' '-X: y' 'Date: now'; do
	printf '\nheader = "%s"\n' "$bad" >"$DIR/bad.conf"
	like "$("$RANGED" --check -c "$DIR/bad.conf" "$ROOT" 2>&1)" "bad.conf:2: header: " "refused with its line: $bad"
done
finish
