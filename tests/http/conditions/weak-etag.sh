#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The entity tag is weak while the file is young: for 20 ms if its mtime has a fraction of a second, else for 2 s. A
# weak tag does not match in If-Range and If-Match, but it matches in If-None-Match. No cache may reuse the response
# without revalidation.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 10007 b.bin 10007 settled.bin 10007 ahead.bin 10007
config 'location "/kept/" { cache_control = "public, max-age=3600, immutable" expires = 1h }' \
	'location "/own/" { header = {"Cache-Control: public, max-age=9", "X-Accel-Expires: 60", "+Cache-Control: s-maxage=5"} }' \
	'location "/private/" { cache_control = "private, max-age=60" }' \
	'location "/stored/" { cache_control = "no-store" }' \
	'location "/inside/" { allow = "127.0.0.0/8" }'
for name in kept own private stored inside; do make_file $name/a.bin 100; done
touch -d '+1 hour' "$ROOT/ahead.bin" "$ROOT"/*/a.bin
control_clock
start_ranged
hold_clock

# The mtime is the current second without a fraction, because a filesystem may store whole seconds only.
touch -d "@$(date +%s)" "$ROOT/a.bin"
strong=$(etag_of "$ROOT/a.bin")
get /a.bin
is "$(header ETag)" "W/$strong" "the tag of a young file is weak"
is "$(header Cache-Control)" no-cache "a cache must revalidate the response"
ok "the response has Last-Modified" header Last-Modified
get_range 0-9 /a.bin -H "If-Range: W/$strong"
is "$STATUS" 200 "If-Range with the weak tag does not match"
get_range 0-9 /a.bin -H "If-Range: $strong"
is "$STATUS" 200 "If-Range with the strong form of the tag does not match"
get_range 0-9 /a.bin
is "$STATUS $(header ETag) $(header Cache-Control)" "206 W/$strong no-cache" "a range of a young file has the weak tag"
get_range 20000- /a.bin
is "$STATUS $(header Cache-Control)" "416 no-cache" \
	"a range beyond the end of a young file: the 416 response must be revalidated"
get /a.bin -H "If-Match: W/$strong"
is "$STATUS" 412 "If-Match with the weak tag does not match"
get /a.bin -H "If-None-Match: W/$strong"
is "$STATUS $(header ETag) $(header Cache-Control)" "304 W/$strong no-cache" "If-None-Match with the weak tag matches"
head_of /a.bin
is "$STATUS $(header ETag) $(header Cache-Control)" "200 W/$strong no-cache" "HEAD has the weak tag"

# An mtime with a fraction of a second: a file that is 0.1 s old is not young.
ago=$(($(clock_ms) - 100))
touch -d "@${ago%???}.${ago: -3}" "$ROOT/b.bin"
case $(stat -c %.9Y "$ROOT/b.bin") in
*.000000000) ;; # the fraction is 0 by accident, or the filesystem stores whole seconds
*)
	get /b.bin
	is "$(header ETag) $(header_count Cache-Control)" "$(etag_of "$ROOT/b.bin") 0" \
		"the tag of a file that was written 0.1 s ago is strong"
	get_range 0-9 /b.bin -H "If-Range: $(etag_of "$ROOT/b.bin")"
	is "$STATUS" 206 "If-Range with this tag matches"
	get_range 0-9 /b.bin -H "If-Range: $(http_date "$ROOT/b.bin")"
	is "$STATUS" 200 "If-Range with the date does not match for 2 s"
	;;
esac

advance 3
get /a.bin
is "$(header ETag)" "$strong" "the tag is strong 3 s later"
is "$(header_count Cache-Control)" 0 "a cache may reuse the response"
get_range 0-9 /a.bin -H "If-Range: $strong"
is "$STATUS" 206 "If-Range with the strong tag matches"

get /settled.bin
is "$(header ETag) $(header_count Cache-Control)" "$(etag_of "$ROOT/settled.bin") 0" "the tag of an old file is strong"

get /ahead.bin
is "$(header ETag) $(header Cache-Control)" "W/$(etag_of "$ROOT/ahead.bin") no-cache" \
	"the tag of a file with an mtime in the future is weak"

# Configured cache fields do not apply to a young file, whether the response is new or prebuilt.
while read -r name value; do
	for try in 1 2 3; do
		get "/$name/a.bin"
		is "$(header Cache-Control) $(header_count Expires) $(header_count X-Accel-Expires) $(header ETag | cut -c 1-2)" "$value 0 0 W/" \
			"a young file in /$name/, request $try: the cache must revalidate"
	done
done <<-'END'
	kept no-cache
	own no-cache
	private private, no-cache
	stored no-store
	inside private, no-cache
END
release_clock
age "$ROOT"/*/a.bin
advance 2
kept_again() { get /kept/a.bin && [ "$(header Cache-Control)" = "public, max-age=3600, immutable" ]; }
ok "an old file has the configured Cache-Control" await 10 kept_again
get /own/a.bin
is "$(header X-Accel-Expires) $(header_count Cache-Control)" "60 2" "an old file has the fields of the key header"
finish
