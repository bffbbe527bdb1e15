#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A signed prefix is valid for a directory and everything below it. Whole path segments are compared.
. "$(dirname "$0")/../lib.sh"

make_file a/x.bin 1000 a/b/y.bin 1000 ab/x.bin 1000 "c d/z.bin" 1000
make_text a/index.html index
make_file "list/x&y?.bin" 10 list/sub/z.bin 10
make_keys 'one 0123456789abcdef'
config "sign_keys = \"$DIR/keys\"" 'location "/list/" { listing = true }'
start_ranged
query=$(sign --prefix /a)
query=${query#/a}
while read -r path status; do
	get "$path$query"
	is "$STATUS" "$status" "$path has the status $status"
done <<-END
	/a/x.bin 200
	/a/b/y.bin 200
	/a/absent 404
	/a/ 200
	/a 301
	/a/%78.bin 200
	/ab/../a/x.bin 200
	/a//x.bin 200
	/ab/x.bin 403
	/ab 403
	/ 403
	/a/../ab/x.bin 403
	/a/%2e%2e/ab/x.bin 403
	/a/..%2fab/x.bin 404
	/a/b/../../ab/x.bin 403
	/A/x.bin 403
	/.a 404
END
get "/a$query"
is "$(header Location)" "a/$query" "the redirection to the slash keeps the query"
get "/ab/x.bin${query/"p=/a&"/"p=/ab&"}"
is "$STATUS" 403 "another prefix is rejected"
get "/a/x.bin${query/"p=/a&"/}"
is "$STATUS" 403 "a missing prefix is rejected"
all=$(sign --prefix /)
get "/ab/x.bin${all#/}"
is "$STATUS" 200 "the prefix of the root is accepted"
url=$(sign --prefix "/c d")
get "/c%20d/z.bin?${url#*\?}"
is "$STATUS" 200 "a prefix with a blank is accepted: $url"
get "/c%20d/z.bin?$(sed 's|%20|+|; s|.*?||' <<<"$url")"
is "$STATUS" 200 "a plus sign is a blank, as in forms"
e=4102444800
get "/a/x.bin?e=$e&k=one&p=/a/&s=$(code_of $e /a/ prefix)"
is "$STATUS" 200 "a slash at the end of the prefix is accepted"
get "/ab/x.bin?e=$e&k=one&p=/a/../ab&s=$(code_of $e /a/../ab prefix)"
is "$STATUS" 403 "a signed prefix with dot segments is rejected"
get "/a/x.bin?e=$e&k=one&p=a&s=$(code_of $e a prefix)"
is "$STATUS" 403 "a signed prefix without a leading slash is rejected"

# FORMAT-QUERY: prints "STATUS PATH" for each link of the last listing.
follow() {
	perl -MJSON::PP -0777 -ne 'if (/^\{/) { print "$_->{href}\n" for @{decode_json($_)->{entries}} }
		else { while (/href="([^"#]+)"/g) { (my $link = $1) =~ s/&amp;/&/g; print "$link\n" if $link !~ /^data:/ } }' "$BODY" | while read -r link; do
		link=/list/$link
		echo "$(curl -sg -o /dev/null -w '%{http_code}' "$URL$link") ${link%%\?*}"
	done | LC_ALL=C sort -u
}
url=$(sign --prefix /list/)
get "$url"
like "$STATUS $(header Cache-Control)" "^200 " "a listing is served"
is "$(follow | tr '\n' ' ')" "200 /list/sub/ 200 /list/x%26y%3F.bin 403 /list/../ " \
	"the links of the listing are signed, except that to the parent"
# What a browser sends for the last form of the page.
fields=$(sed -n '/<footer>/,$p' "$BODY" | grep -oE 'name="[^"]*" value="[^"]*"' | sed -E 's/name="(.*)" value="(.*)"/--data-urlencode \1=\2/')
# shellcheck disable=SC2086
get /list/ -G $fields
is "$STATUS $(header Content-Type)" "200 application/json" "the forms of the listing contain the signature"
get "$url&limit=1"
like "$(header Link)" "^<\?e=[0-9]*&k=one&p=/list&s=[^&]*&limit=1&offset=1>; rel=\"next\"$" \
	"Link contains the signature"
get "$url&format=json"
is "$(follow | tr '\n' ' ')" "200 /list/sub/ 200 /list/x%26y%3F.bin " "the links of the JSON listing are signed"
etag=$(header ETag)
get "$(sign --prefix -e 2h /list/)&format=json"
isnt "$(header ETag)" "$etag" "the tag of the listing depends on the signature"
get "$(sign /list/)&format=json"
is "$STATUS $(grep -c 'k=one' "$BODY")" "200 0" "a signature without a prefix is not in the links"
finish
