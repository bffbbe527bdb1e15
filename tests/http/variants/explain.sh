#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# --explain lists the variants of a file, the preferences of the client, and the variant that is sent.
. "$(dirname "$0")/../lib.sh"

make_file a.js 20000 plain.js 1000 off/a.js 20000 other.js 20000
make_variants a.js.gz a.js.br off/a.js.gz
cp -p "$ROOT/a.js.gz" "$ROOT/plain.js.gz"
printf 'no zstd' >"$ROOT/other.js.zst"
bytes=$(size_of "$ROOT/a.js.gz")
config 'location "/off/" { precompressed = false }'
explain() { # URL [OPTION...]: into $DIR/out
	"$RANGED" -c "$DIR/ranged.conf" "$ROOT" --explain "$@" >"$DIR/out" 2>"$DIR/err" </dev/null
}
says() { like "$(cat "$DIR/out")" "$1" "${2:-$1}"; }
explain /a.js -H 'Accept-Encoding: gzip;q=0.5, br;q=0.25'
says 'variants +Accept-Encoding: gzip;q=0\.5, br;q=0\.25'
says 'br, q=0\.250: not preferred'
says 'gzip, q=0\.500: selected'
says 'unencoded, q=0\.001: not preferred'
says 'Content-Encoding: gzip'
says "Content-Length: $bytes"
says 'Vary: Accept-Encoding'
explain /a.js
says 'Accept-Encoding: \(not sent\)'
says 'gzip, q=0\.000: not accepted'
says 'unencoded, q=1\.000: selected'
explain /a.js -H 'Accept-Encoding: identity;q=0'
says 'unencoded, q=0\.000: rejected'
says 'status +406'
explain /plain.js -H 'Accept-Encoding: gzip'
says 'variants +none'
says '\.gz is not sent: the size in its last gzip member is not the size of the file'
explain /other.js -H 'Accept-Encoding: zstd'
says '\.zst is not sent: it is not a zstd file'
explain /a.js -H 'Accept-Encoding: gzip' -H 'Range: bytes=0-9'
says 'gzip, q=1\.000: not used for a range, unless If-Range contains its ETag'
says 'unencoded, q=0\.001: selected, because the request has a Range field'
says 'Content-Range: bytes 0-9/20000'
explain /off/a.js -H 'Accept-Encoding: gzip'
says 'variants +precompressed is off'
finish
