#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# --explain: what would become of a request, and why, through the same steps that serve it.
. "$(dirname "$0")/../lib.sh"

make_text docs/a.html page
make_file big.bin 3000000 small.bin 10007
config 'header = "X-Top: 1"' 'location "/docs/" {' ' try = "{path}.html"' '}' 'location "*.bin" { cache = pin }' \
	'site "one.example" { header = "X-Site: 1" }'
explain() { # URL [OPTION...]: into $DIR/out
	"$RANGED" -c "$DIR/ranged.conf" "$ROOT" --explain "$@" >"$DIR/out" 2>"$DIR/err" </dev/null
	RC=$?
}
says() { like "$(cat "$DIR/out")" "$1" "${2:-$1}"; }

start_ranged
explain /small.bin -H 'Range: bytes=100-199,5000-5099' -H 'If-Match: *'
is $RC 0 "its status"
says 'site  +the top level \(.*ranged\.conf\)' "the site"
says "ranged\.conf:5: location \"\*\.bin\": cache" "a block, with its line and what it says"
says "file  +$ROOT/small\.bin"
says "ETag $(etag_of "$ROOT/small.bin")" "its validator"
says 'If-Match: \*' "a condition"
says $'served: 100-199\n +served: 5000-5099|served: 100-5099' "the ranges"
says 'status  +206' "the status"
get /small.bin -H 'Range: bytes=100-199,5000-5099' -H 'If-Match: *'
is "$(grep -ci 'content-type: multipart' "$DIR/out") $(header Content-Length)" \
	"$(grep -ci '^content-type: multipart' "$HEAD") $(sed -n 's/.*Content-Length: //p' "$DIR/out")" "as it is served"
like "$(cat "$DIR/out")" 'reads ([0-9]+) bytes at ([0-9]+)' "the reads"
while read -r bytes at; do
	is $((bytes % 512 + at % 512)) 0 "$bytes at $at is aligned"
done < <(sed -n 's/.*reads \([0-9]*\) bytes at \([0-9]*\)/\1 \2/p' "$DIR/out")
explain /big.bin
is "$(grep -c 'bytes at' "$DIR/out")" 8 "long lists are cut"
says 'and 4 more'
says 'pin' "what the cache does with it"
ln -s /etc/passwd "$ROOT/out"
explain /out
says 'a symbolic link leads out of the root'
explain /docs/a
says "Not found|No such file" "what is not there"
says "looks for +/docs/a\.html" "what is tried then"
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
isnt $RC 0 "a field without a colon is refused"
"$RANGED" -H 'A: b' "$ROOT" 2>/dev/null </dev/null
is $? 64 "--header alone is refused"
is "$(grep -c . "$DIR/access.log")" 1 "nothing of this was served"
finish
