#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# --explain prints how a request would be answered, and why. It uses the same steps as a running server.
. "$(dirname "$0")/../lib.sh"

make_text docs/a.html page
make_file big.bin 3000000 small.bin 10007
config 'header = "X-Top: 1"' 'location "/docs/" {' ' try = "{path}.html"' '}' 'location "*.bin" { cache = pin }' \
	'site "one.example" { header = "X-Site: 1" }'
explain() { # URL [OPTION...]: the output goes to $DIR/out
	"$RANGED" -c "$DIR/ranged.conf" "$ROOT" --explain "$@" >"$DIR/out" 2>"$DIR/err" </dev/null
	RC=$?
}
says() { like "$(cat "$DIR/out")" "$1" "${2:-$1}"; }

start_ranged
explain /small.bin -H 'Range: bytes=100-199,5000-5099' -H 'If-Match: *'
is $RC 0 "the exit status is 0"
says 'site  +no site block matches \(.*ranged\.conf\)' "the site is named"
says "ranged\.conf:5: location \"\*\.bin\": cache" "a matching block is named with its line and its keys"
says "file  +$ROOT/small\.bin"
says "ETag $(etag_of "$ROOT/small.bin")" "the validator is printed"
says 'If-Match: \*' "a condition is printed"
says $'served: 100-199\n +served: 5000-5099|served: 100-5099' "the ranges are printed"
says 'status  +206' "the status is printed"
get /small.bin -H 'Range: bytes=100-199,5000-5099' -H 'If-Match: *'
is "$(grep -ci 'content-type: multipart' "$DIR/out") $(header Content-Length)" \
	"$(grep -ci '^content-type: multipart' "$HEAD") $(sed -n 's/.*Content-Length: //p' "$DIR/out")" "the header is that of the real response"
like "$(cat "$DIR/out")" 'reads ([0-9]+) bytes at offset ([0-9]+)' "the reads are printed"
while read -r bytes at; do
	is $((bytes % 512 + at % 512)) 0 "the read of $bytes bytes at $at is aligned"
done < <(sed -n 's/.*reads \([0-9]*\) bytes at offset \([0-9]*\)/\1 \2/p' "$DIR/out")
explain /big.bin
is "$(grep -c 'bytes at' "$DIR/out")" 8 "long lists are shortened"
says 'and 4 more'
says 'pin' "the cache policy is printed"
ln -s /etc/passwd "$ROOT/out"
explain /out
says 'a symbolic link leads out of the root'
explain /docs/a
says "Not found|No such file" "a missing file is reported"
says "lookup +/docs/a\.html" "the files of try are printed"
says 'status  +200'
explain http://one.example/small.bin -H "If-None-Match: $(etag_of "$ROOT/small.bin")"
says "site  +\"one.example\" \(.*ranged\.conf:6\)"
says 'status  +304'
says 'X-Site: 1'
explain /absent
says 'status  +404'
explain 'no url'
says 'status  +400'
explain /small.bin -H nothing
isnt $RC 0 "a header field without a colon is rejected"
"$RANGED" -H 'A: b' "$ROOT" 2>/dev/null </dev/null
is $? 64 "--header without --explain is rejected"
is "$(grep -c . "$DIR/access.log")" 1 "--explain serves nothing"
finish
