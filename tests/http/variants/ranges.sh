#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A GET with Range gets a part of the file as it is, whatever Accept-Encoding says: many clients send that with every request, and cannot
# decode a part. It is a part of a variant only if If-Range names the tag of that (225) or the client refuses the file as it is.
. "$(dirname "$0")/../lib.sh"

perl -e 'print "line $_ of many, compressed to less than half\n" for 1 .. 50000' >"$ROOT/a.txt"
age "$ROOT/a.txt"
make_variants a.txt.gz a.txt.zst a.txt.br
size=$(size_of "$ROOT/a.txt") gz=$(size_of "$ROOT/a.txt.gz")
start_ranged --workers 1
get_whole_head /a.txt
for accept in gzip 'gzip, deflate, br, zstd' 'gzip, identity;q=0.001' 'zstd;q=1, identity;q=0.5' '*' ''; do
	for range in 0-0 1-10007 500000- -1 $gz-$((gz + 64999)) 0-; do
		get_range "$range" /a.txt -H "Accept-Encoding: $accept"
		content_range=$(header Content-Range)
		is "$STATUS $(header_count Content-Encoding) ${content_range#*/} $(header Vary) $(header ETag)" \
			"206 0 $size Accept-Encoding $(etag_of "$ROOT/a.txt")" "\"$accept\", bytes=$range"
		content_range=${content_range#bytes }
		content_range=${content_range%/*}
		cmp_range a.txt "${content_range%-*}" "${content_range#*-}"
	done
done
gzip=(-H 'Accept-Encoding: gzip')
get_range 0-9,300000-300099 /a.txt "${gzip[@]}"
is_multipart a.txt 0-9 300000-300099
get_range "$size-" /a.txt "${gzip[@]}"
is "$STATUS $(header Content-Range)" "416 bytes */$size" "past the end of the file"
get_range 0-9 /a.txt "${gzip[@]}" -H "If-None-Match: $(etag_of "$ROOT/a.txt")"
is "$STATUS" 304 "conditions are about the file as it is, too"

# What is ignored does not choose either: the response is the one without that field, also after the variant was made ready.
for try in 1 2; do
	while IFS= read -r field; do
		get /a.txt "${gzip[@]}" -H "$field"
		is "$STATUS $(header Content-Encoding)" "200 gzip" "$field, time $try"
		cmp_whole a.txt.gz
	done <<-'END'
		Range: items=0-9
		Range: bytes=9-0
		Range: bytes=x
		Range: bytes=
		If-Range: "x"
	END
	get /a.txt "${gzip[@]}" -H 'Range: bytes=0-9' -H 'Range: bytes=0-9'
	is "$STATUS $(header Content-Encoding)" "200 gzip" "two Range fields, time $try"
	get_range "$(yes 0-0 | head -n 257 | paste -sd,)" /a.txt "${gzip[@]}"
	is "$STATUS $(header Content-Encoding)" "200 gzip" "more ranges than max_ranges, time $try"
	get /a.txt "${gzip[@]}"
	is "$STATUS $(header Content-Encoding)" "200 gzip" "no Range, time $try"
	head_of /a.txt "${gzip[@]}" -H 'Range: bytes=0-9'
	is "$STATUS $(header Content-Length) $(header Content-Encoding)" "200 $gz gzip" "HEAD, time $try"
	get_range 0-9 /a.txt "${gzip[@]}"
	is "$STATUS $(header_count Content-Encoding)" "206 0" "a range again, time $try"
done
get_range 0-9 /a.txt "${gzip[@]}" -H 'If-Range: "other"'
is "$STATUS $(header_count Content-Encoding)" "200 0" "an If-Range that does not match: the file as it is, whole"
cmp_whole a.txt

# Who refuses the file as it is gets parts of the variant, the parts say how they are encoded.
for refused in 'gzip, identity;q=0' '*;q=0, gzip' 'gzip;q=0.1, *;q=0'; do
	get_range 100-199 /a.txt -H "Accept-Encoding: $refused"
	is "$STATUS $(header Content-Encoding) $(header Content-Range)" "206 gzip bytes 100-199/$gz" "$refused"
	cmp_range a.txt.gz 100 199
done
refused=(-H 'Accept-Encoding: gzip, identity;q=0')
get_range "$gz-" /a.txt "${refused[@]}"
is "$STATUS $(header Content-Range) $(header_count Content-Encoding)" "416 bytes */$gz 0" "past the end of the variant"
get_range 0-9,30000-30099 /a.txt "${refused[@]}"
is "$STATUS $(header_count Content-Encoding)" "206 0" "two ranges"
boundary=$(boundary_of)
{
	for range in 0-9 30000-30099; do
		printf '\r\n--%s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Encoding: gzip\r\nContent-Range: bytes %s/%s\r\n\r\n' "$boundary" $range "$gz"
		tail -c +$((${range%-*} + 1)) "$ROOT/a.txt.gz" | head -c $((${range#*-} - ${range%-*} + 1))
	done
	printf '\r\n--%s--\r\n' "$boundary"
} >"$DIR/expected"
is "$(header Content-Length)" "$(size_of "$DIR/expected")" "its length"
ok "all of it" cmp "$DIR/expected" "$BODY"
get_range 0-9 /a.txt -H 'Accept-Encoding: compress, identity;q=0'
is "$STATUS" 406 "nothing is left"
finish
