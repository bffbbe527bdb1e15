#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The tag is weak only while the file is young: for 20 ms if its mtime has a fraction of a second, else for 2 s. Meanwhile If-Range and
# If-Match do not match it, If-None-Match does, and no cache may reuse the response without asking.
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

# An mtime of this whole second: a filesystem may keep no more of it.
touch -d "@$(date +%s)" "$ROOT/a.bin"
strong=$(etag_of "$ROOT/a.bin")
get /a.bin
is "$(header ETag)" "W/$strong" "just written: weak"
is "$(header Cache-Control)" no-cache "and not to be reused"
ok "it has a Last-Modified" header Last-Modified
get_range 0-9 /a.bin -H "If-Range: W/$strong"
is "$STATUS" 200 "If-Range with the weak tag"
get_range 0-9 /a.bin -H "If-Range: $strong"
is "$STATUS" 200 "If-Range with the strong form of it"
get_range 0-9 /a.bin
is "$STATUS $(header ETag) $(header Cache-Control)" "206 W/$strong no-cache" "a range"
get_range 20000- /a.bin
is "$STATUS $(header Cache-Control)" "416 no-cache" "a range past the end"
get /a.bin -H "If-Match: W/$strong"
is "$STATUS" 412 "If-Match with the weak tag"
get /a.bin -H "If-None-Match: W/$strong"
is "$STATUS $(header ETag) $(header Cache-Control)" "304 W/$strong no-cache" "If-None-Match with the weak tag"
head_of /a.bin
is "$STATUS $(header ETag) $(header Cache-Control)" "200 W/$strong no-cache" "HEAD"

# An mtime with a fraction: a tenth of a second is old enough.
touch -d '-0.1 seconds' "$ROOT/b.bin"
case $(stat -c %.9Y "$ROOT/b.bin") in
*.000000000) ;; # one in 10^9, or the filesystem keeps seconds
*)
	get /b.bin
	is "$(header ETag) $(header_count Cache-Control)" "$(etag_of "$ROOT/b.bin") 0" "written 0.1 s ago: strong at once"
	get_range 0-9 /b.bin -H "If-Range: $(etag_of "$ROOT/b.bin")"
	is "$STATUS" 206 "and If-Range matches"
	get_range 0-9 /b.bin -H "If-Range: $(http_date "$ROOT/b.bin")"
	is "$STATUS" 200 "by its date it takes 2 s"
	;;
esac

is_strong() { get /a.bin && [ "$(header ETag)" = "$strong" ]; }
advance 3
ok "later it is strong" is_strong
is "$(header_count Cache-Control)" 0 "and may be reused"
get_range 0-9 /a.bin -H "If-Range: $strong"
is "$STATUS" 206 "and If-Range matches"

get /settled.bin
is "$(header ETag) $(header_count Cache-Control)" "$(etag_of "$ROOT/settled.bin") 0" "an old file"

get /ahead.bin
is "$(header ETag) $(header Cache-Control)" "W/$(etag_of "$ROOT/ahead.bin") no-cache" "an mtime in the future: weak"

# Whatever the configuration says of caches, and again and again.
while read -r name value; do
	for try in 1 2 3; do
		get "/$name/a.bin"
		is "$(header Cache-Control) $(header_count Expires) $(header_count X-Accel-Expires) $(header ETag | cut -c 1-2)" "$value 0 0 W/" "$name: time $try"
	done
done <<-'END'
	kept no-cache
	own no-cache
	private private, no-cache
	stored no-store
	inside private, no-cache
END
age "$ROOT"/*/a.bin
advance 2
kept_again() { get /kept/a.bin && [ "$(header Cache-Control)" = "public, max-age=3600, immutable" ]; }
ok "an old file is cached as the configuration says" await 2 kept_again
get /own/a.bin
is "$(header X-Accel-Expires) $(header_count Cache-Control)" "60 2" "by header, too"
finish
