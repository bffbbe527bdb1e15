#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Files that are not used as variants: those of locations with precompressed = false, directories, FIFOs, links that
# leave the root, unreadable files, and variants of variants.
. "$(dirname "$0")/../lib.sh"

need_root
make_file off/a.js 5000 off/on/a.js 5000
make_variants off/a.js.gz off/on/a.js.gz
for name in folder fifo out in secret; do make_file $name.js 5000; done
mkdir "$ROOT/folder.js.gz"
mkfifo "$ROOT/fifo.js.gz"
gzip -c "$ROOT/out.js" >"$DIR/outside"
ln -s "$DIR/outside" "$ROOT/out.js.gz"
gzip -c "$ROOT/in.js" >"$ROOT/within"
make_file v.gz 2001
make_variants secret.js.gz v.gz.gz v.gz.br
ln -s within "$ROOT/in.js.gz"
chmod 600 "$ROOT/secret.js.gz"
chmod 755 "$DIR"
config 'location "/off/" { precompressed = false }' 'hide = "in.js.gz"' 'location "/off/on/" { precompressed = true }'
PREFIX=(setpriv --reuid 65534 --regid 65534 --clear-groups)
chown 65534 "$DIR"
start_ranged
as_it_is() { # PATH WHY
	get "/$1" -H 'Accept-Encoding: gzip, br'
	is "$STATUS $(header_count Content-Encoding) $(header_count Vary)" "200 0 0" "$2"
	cmp_whole "$1"
}
as_it_is off/a.js "precompressed = false: variants are ignored"
get /off/on/a.js -H 'Accept-Encoding: gzip'
is "$(header Content-Encoding)" gzip "an inner location can switch precompressed on"
as_it_is folder.js "a directory is ignored"
as_it_is fifo.js "a FIFO is ignored"
as_it_is out.js "a link that leaves the root is ignored"
as_it_is secret.js "an unreadable variant is ignored"
as_it_is v.gz "a file that is itself a variant has no variants"
get /in.js -H 'Accept-Encoding: gzip'
is "$STATUS $(header Content-Encoding)" "200 gzip" "a link within the root is used"
cmp_whole within
get /in.js.gz
is "$STATUS" 404 "a hidden variant is not served under its own name"
stop_ranged
config 'symlinks = none'
start_ranged
as_it_is in.js "a link is ignored if follow_symlinks is off"
finish
