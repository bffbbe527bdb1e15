#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A GET request with Range gets a part of the file, not of a variant, because many clients send Accept-Encoding with
# every request and cannot decode a part. The response is a part of a variant if If-Range names its tag (validators.sh),
# or if the client refuses the identity coding.
. "$(dirname "$0")/../lib.sh"

perl -e 'print "line $_ of many, compressed to less than half\n" for 1 .. 50000' >"$ROOT/a.txt"
age "$ROOT/a.txt"
make_variants a.txt.gz a.txt.zst a.txt.br
size=$(size_of "$ROOT/a.txt") gz=$(size_of "$ROOT/a.txt.gz")
start_ranged --workers 1
get_whole_head /a.txt
etag=$(etag_of "$ROOT/a.txt")
requests=() titles=() expected=()
while read -r first last range; do
	for accept in gzip 'gzip, deflate, br, zstd' 'gzip, identity;q=0.001' 'zstd;q=1, identity;q=0.5' '*' ''; do
		[ ${#titles[@]} = 0 ] || requests+=(--next)
		titles+=("\"$accept\", bytes=$range")
		requests+=(-sS -H "Accept-Encoding: $accept" -r "$range" -o "$DIR/out.${#titles[@]}" "$URL/a.txt"
			-w '%{http_code} [%header{content-encoding}] %header{content-range} %header{vary} %header{etag}\n')
		expected+=("206 [] bytes $first-$last/$size Accept-Encoding $etag")
		echo "a.txt $first $last" >>"$DIR/ranges"
	done
done <<-END
	0 0 0-0
	1 10007 1-10007
	500000 $((size - 1)) 500000-
	$((size - 1)) $((size - 1)) -1
	$gz $((gz + 64999)) $gz-$((gz + 64999))
	0 $((size - 1)) 0-
END
mapfile -t answers < <(curl "${requests[@]}")
for i in "${!titles[@]}"; do is "${answers[i]}" "${expected[i]}" "${titles[i]}"; done
compare_ranges 36
gzip=(-H 'Accept-Encoding: gzip')
get_range 0-9,300000-300099 /a.txt "${gzip[@]}"
is_multipart a.txt 0-9 300000-300099
get_range "$size-" /a.txt "${gzip[@]}"
is "$STATUS $(header Content-Range)" "416 bytes */$size" "a range beyond the end of the file: the status is 416"
get_range 0-9 /a.txt "${gzip[@]}" -H "If-None-Match: $(etag_of "$ROOT/a.txt")"
is "$STATUS" 304 "conditions apply to the file, not to a variant"

# A field that is ignored does not influence the choice. The response is that to the request without the field, also
# after a prebuilt response exists.
many_ranges=$(yes 0-0 | head -n 257 | paste -sd,)
expect() { # "STATUS LENGTH CODING" NAME [CURL-OPTION...]
	[ ${#titles[@]} = 0 ] || requests+=(--next)
	expected+=("$1") titles+=("$2")
	requests+=(-sS "${gzip[@]}" "${@:3}" -o "$DIR/out.${#titles[@]}" "$URL/a.txt"
		-w '%{http_code} %header{content-length} %header{content-encoding}\n')
}
for try in 1 2; do
	requests=() titles=() expected=()
	for field in 'Range: items=0-9' 'Range: bytes=9-0' 'Range: bytes=x' 'Range: bytes=' 'If-Range: "x"'; do
		expect "200 $gz gzip" "$field, request $try: the variant is sent" -H "$field"
	done
	expect "200 $gz gzip" "two Range fields, request $try: the variant is sent" -H 'Range: bytes=0-9' -H 'Range: bytes=0-9'
	expect "200 $gz gzip" "more ranges than max_ranges, request $try: the variant is sent" -H "Range: bytes=$many_ranges"
	expect "200 $gz gzip" "no Range, request $try: the variant is sent"
	for _ in "${titles[@]}"; do echo "a.txt.gz 0 $((gz - 1))"; done >"$DIR/ranges"
	expect "206 10 " "a range, request $try: a part of the file is sent" -H 'Range: bytes=0-9'
	echo "a.txt 0 9" >>"$DIR/ranges"
	expect "200 $gz gzip" "HEAD, request $try: the header is that of the variant" --head -H 'Range: bytes=0-9'
	mapfile -t answers < <(curl "${requests[@]}")
	for i in "${!titles[@]}"; do is "${answers[i]}" "${expected[i]}" "${titles[i]}"; done
	compare_ranges 9
done
get_range 0-9 /a.txt "${gzip[@]}" -H 'If-Range: "other"'
is "$STATUS $(header_count Content-Encoding)" "200 0" "an If-Range that does not match: the whole file is sent"
cmp_whole a.txt

# A client that refuses the identity coding gets parts of the variant. Content-Encoding of the parts names the coding.
for refused in 'gzip, identity;q=0' '*;q=0, gzip' 'gzip;q=0.1, *;q=0'; do
	get_range 100-199 /a.txt -H "Accept-Encoding: $refused"
	is "$STATUS $(header Content-Encoding) $(header Content-Range)" "206 gzip bytes 100-199/$gz" \
		"Accept-Encoding: $refused: a part of the variant is sent"
	cmp_range a.txt.gz 100 199
done
refused=(-H 'Accept-Encoding: gzip, identity;q=0')
get_range "$gz-" /a.txt "${refused[@]}"
is "$STATUS $(header Content-Range) $(header_count Content-Encoding)" "416 bytes */$gz 0" \
	"a range beyond the end of the variant: the status is 416"
get_range 0-9,30000-30099 /a.txt "${refused[@]}"
is "$STATUS $(header_count Content-Encoding)" "206 0" "two ranges of the file are sent"
boundary=$(boundary_of)
{
	for range in 0-9 30000-30099; do
		printf '\r\n--%s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Encoding: gzip\r\nContent-Range: bytes %s/%s\r\n\r\n' "$boundary" $range "$gz"
		tail -c +$((${range%-*} + 1)) "$ROOT/a.txt.gz" | head -c $((${range#*-} - ${range%-*} + 1))
	done
	printf '\r\n--%s--\r\n' "$boundary"
} >"$DIR/expected"
is "$(header Content-Length)" "$(size_of "$DIR/expected")" "Content-Length of the multipart is correct"
ok "the multipart body is correct" cmp "$DIR/expected" "$BODY"
get_range 0-9 /a.txt -H 'Accept-Encoding: compress, identity;q=0'
is "$STATUS" 406 "no acceptable coding: the status is 406"
finish
