#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The root of a location replaces the prefix of the location by a directory elsewhere, as "alias" of nginx does.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 5000
make_file isos/shadowed.bin 5000
make_text 404.html 'page of the main root'
mkdir -p "$DIR/isos/sub" "$DIR/isos/.well-known" "$DIR/isos/.git" "$DIR/other" "$DIR/empty"
head -c 300000 /dev/urandom >"$DIR/isos/big.iso"
gzip -k "$DIR/isos/big.iso"
echo index >"$DIR/isos/sub/index.html"
echo token >"$DIR/isos/.well-known/token"
echo secret >"$DIR/isos/.git/config"
echo secret >"$DIR/isos/x.key"
echo other >"$DIR/other/x"
echo inner >"$DIR/other/inner"
ln -s ../other/x "$DIR/isos/out"
ln -s big.iso "$DIR/isos/link.iso"
age 60
touch -d '1 hour ago' "$DIR"/isos/*.iso* "$DIR"/*/*/*
config 'listing = true' 'error_page = {"404 /404.html"}' \
	"location \"/isos/\" { root = \"$DIR/isos\" cache_control = \"max-age=9\" }" \
	"location \"/isos/other\" { root = \"$DIR/other\" try = \"/isos/sub/index.html\" }" \
	'location "/isos/*.key" { deny = "all" }' \
	"location \"/.dot/\" { root = \"$DIR/other\" }" \
	"location \"/up/\" { root = \"$DIR/other/../isos\" error_page = {\"404 /isos/sub/index.html\"} }" \
	'site "b.example" {' "location \"/isos/\" { root = \"$DIR/empty\" }" '}' \
	'site "c.example" {' "root = \"$DIR/other\"" '}'
start_ranged

got() { get "$1" "${@:2}" --path-as-is; echo "$STATUS $(header Location)"; }
is "$(got /isos/big.iso)" "200 " "a file below the root of a location is served"
ok "its bytes are right" cmp "$BODY" "$DIR/isos/big.iso"
is "$(header Cache-Control)" "max-age=9" "the other settings of the location apply"
get_range 1000-200999 /isos/big.iso
ok "a range has the bytes of the file" cmp "$BODY" <(tail -c +1001 "$DIR/isos/big.iso" | head -c 200000)
get /isos/big.iso -H 'Accept-Encoding: gzip'
is "$(header Content-Encoding)" gzip "a precompressed variant beside the file is sent"
ok "its bytes are those of the variant" cmp "$BODY" "$DIR/isos/big.iso.gz"
get /isos/big.iso -H "If-None-Match: $(header ETag)" -H 'Accept-Encoding: gzip'
is "$STATUS" 304 "the variant is revalidated"
head_of /isos/big.iso
is "$STATUS $(header Content-Length)" "200 300000" "HEAD works"
is "$(got /isos)" "301 isos/" "the prefix without its slash is redirected"
is "$(got /isos/sub)" "301 sub/" "a directory below the root is redirected"
is "$(got /isos/sub/) $(cat "$BODY")" "200  index" "an index below the root is served"
is "$(got '/isos/link.iso')" "200 " "a symbolic link may stay below the root"
is "$(got /isos/shadowed.bin)" "404 " "the directory of the same name in the main root is not served"
is "$(cat "$BODY")" "page of the main root" "an error page may lie below another root"
is "$(got /up/missing) $(cat "$BODY")" "404  index" "an error page may lie below the root of a location"
is "$(got /isos/other/x) $(cat "$BODY")" "200  other" "the longest prefix decides"
is "$(got /isos/other/nothing) $(cat "$BODY")" "200  index" "try may name a path below another root"
is "$(got /.dot/x) $(cat "$BODY")" "200  other" "the prefix of a location may begin with a dot"
is "$(got /up/big.iso)" "200 " "the root may be written with .."

for out in /isos/out /isos/../other/x /isos/%2e%2e/other/x /isos/..%2fother/x /isos/sub/../../../other/x /isos/.git/config; do
	is "$(got $out)" "404 " "$out does not lead out of the root"
done
is "$(got /isos/.well-known/token)" "200 " ".well-known of the root of a location is served"
is "$(got /isos/x.key)" "403 " "the rules see the path of the URL"
is "$(got /isosx)" "404 " "the prefix consists of whole names"
get '/isos/?format=json'
is "$(grep -oE '"name":"[^"]*"' "$BODY" | sort | tr -d '\n')" \
	'"name":".well-known""name":"big.iso""name":"big.iso.gz""name":"link.iso""name":"sub""name":"x.key"' \
	"the listing shows the directory of the location"
is "$(got /isos/big.iso -H 'Host: b.example')" "404 " "a location of a site has precedence over that of the top level"
is "$(got /a.bin -H 'Host: b.example')" "200 " "a site without a root has that of the top level"
is "$(got /isos/big.iso -H 'Host: c.example')" "404 " "the root of a site has precedence over the locations of the top level"
get /isos/big.iso -X OPTIONS
is "$STATUS" 204 "OPTIONS works"

like "$("$RANGED" --explain /isos/big.iso -c "$DIR/ranged.conf" "$ROOT")" "location \"/isos/\": .*root.*file +$DIR/isos/big.iso" \
	"--explain names the file"
like "$("$RANGED" --explain /isos/out -c "$DIR/ranged.conf" "$ROOT")" "a symbolic link leads out of the root" \
	"--explain says why a symbolic link is not followed"

sed -i "s|$DIR/empty|$DIR/other|" "$DIR/ranged.conf"
reload_ranged
is "$(got /isos/x -H 'Host: b.example') $(cat "$BODY")" "200  other" "a reload changes the root of a location"

# A path that replaces the requested path is below its own root, even if that path cannot be looked up.
make_text docs/listed x
make_text page 'page of an error'
mkdir -p "$DIR/other/long"
echo denied >"$DIR/other/long/denied"
config 'error_page = "403 /page"' "location \"/docs/\" { listing = true }" \
	"location \"/docs/index.html\" { root = \"$DIR/other\" }" \
	"location \"/root-of-a-location/\" { root = \"$DIR/other\" deny = all }"
reload_ranged
get '/docs/?format=json'
is "$(grep -oE '"name":"[^"]*"' "$BODY")" '"name":"listed"' "an index below another root does not change the listed directory"
is "$(got /root-of-a-location/long/denied) $(cat "$BODY")" "403  page of an error" "an error page replaces a denied file"
stars='*'
for _ in {1..33}; do
	stars+='*'
	echo "location \"/pa${stars}e\" { etag = mtime }"
done >>"$DIR/ranged.conf"
reload_ranged
is "$(got /root-of-a-location/long/denied)" "403 " "it is denied if too many blocks match the error page"
not_ok "the denied file is not the error page" grep -q denied "$BODY"

refused() { # TEXT REGEX
	printf '%s\n' "root = $ROOT" "$1" >"$DIR/bad.conf"
	like "$("$RANGED" --check -c "$DIR/bad.conf" 2>&1)" "$2" "refused: $1"
}
refused 'location "*.iso" { root = "/tmp" }' 'location "\*.iso" in .*:2 is a glob'
refused "location \"/isos/\" { root = \"$DIR/missing\" }" "cannot serve $DIR/missing"
refused "location \"/isos/\" { root = \"$ROOT/a.bin\" }" "cannot serve $ROOT/a.bin"
finish
