#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# --explain says which variants there are, what the client gives to them, and which one it gets.
. "$(dirname "$0")/lib.sh"

make_file a.js 20000 a.js.gz 5001 a.js.br 4002 plain.js 1000 off/a.js 20000 off/a.js.gz 5001
config 'location "/off/" { precompressed = false }'
explain() { # URL [OPTION...]: into $DIR/out
	"$RANGED" -c "$DIR/ranged.conf" "$ROOT" --explain "$@" >"$DIR/out" 2>"$DIR/err" </dev/null
}
says() { like "$(cat "$DIR/out")" "$1" "${2:-$1}"; }
explain /a.js -H 'Accept-Encoding: gzip;q=0.5, br;q=0.25'
says 'variants +Accept-Encoding: gzip;q=0\.5, br;q=0\.25'
says 'br, q=0\.250: not as good'
says 'gzip, q=0\.500: this one'
says 'as it is, q=0\.001: not as good'
says 'Content-Encoding: gzip'
says 'Content-Length: 5001'
says 'Vary: Accept-Encoding'
explain /a.js
says 'Accept-Encoding: \(not sent\)'
says 'gzip, q=0\.000: not wanted'
says 'as it is, q=1\.000: this one'
explain /a.js -H 'Accept-Encoding: identity;q=0'
says 'as it is, q=0\.000: refused'
says 'status +406'
explain /plain.js -H 'Accept-Encoding: gzip'
says 'variants +none'
explain /off/a.js -H 'Accept-Encoding: gzip'
says 'variants +precompressed is off'
finish
