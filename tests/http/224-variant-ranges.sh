#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Ranges of a variant are of the encoded bytes.
. "$(dirname "$0")/lib.sh"

make_file a.txt 2000000 a.txt.gz 700001 a.txt.zst 600001
start_ranged
gzip=(-H 'Accept-Encoding: gzip')
for range in 0-0 0-9 1-10007 262143-262145 500000- -1 -65536 699999-900000 0-; do
	get_range "$range" /a.txt "${gzip[@]}"
	content_range=$(header Content-Range)
	is "$STATUS $(header Content-Encoding) ${content_range#*/}" "206 gzip 700001" "bytes=$range"
	content_range=${content_range#bytes }
	content_range=${content_range%/*}
	cmp_range a.txt.gz "${content_range%-*}" "${content_range#*-}"
done
get_range 600001- /a.txt -H 'Accept-Encoding: zstd'
is "$STATUS $(header Content-Range)" "416 bytes */600001" "what lies behind the variant, but not behind the file"
is "$(header_count Content-Encoding)" 0 "an error is not encoded"
get_range 700001- /a.txt
is "$STATUS" 206 "of the file itself it is a range"
cmp_range a.txt 700001 1999999

# The parts are encoded, not the sum of them.
get_range 0-9,300000-300099 /a.txt "${gzip[@]}"
is "$STATUS $(header_count Content-Encoding)" "206 0" "two ranges"
is "$(grep -ac '^Content-Encoding: gzip' "$BODY")" 2 "each part says how it is encoded"
tr -d '\r' <"$BODY" | grep -a Content-Range >"$DIR/ranges"
is "$(cat "$DIR/ranges")" $'Content-Range: bytes 0-9/700001\nContent-Range: bytes 300000-300099/700001' "and of what it is a part"
is "$(header Content-Length)" "$(size_of "$BODY")" "its length"
boundary=$(boundary_of)
{
	for range in 0-9 300000-300099; do
		printf '\r\n--%s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Encoding: gzip\r\nContent-Range: bytes %s/700001\r\n\r\n' "$boundary" $range
		tail -c +$((${range%-*} + 1)) "$ROOT/a.txt.gz" | head -c $((${range#*-} - ${range%-*} + 1))
	done
	printf '\r\n--%s--\r\n' "$boundary"
} >"$DIR/expected"
ok "all of it" cmp "$DIR/expected" "$BODY"
head_of /a.txt "${gzip[@]}" -H 'Range: bytes=0-9'
is "$STATUS $(header Content-Length) $(header Content-Encoding)" "200 700001 gzip" "HEAD is about the variant"
get /a.txt "${gzip[@]}"
cmp_whole a.txt.gz "all of a long one"
finish
