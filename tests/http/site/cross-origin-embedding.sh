#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A page that is isolated from other origins (Cross-Origin-Embedder-Policy: require-corp) can embed a public video of
# another ranged server without any configuration. It cannot embed a video with access control.
. "$(dirname "$0")/../lib.sh"

need_cmd chromium
make_text page.html '<!doctype html><title>x</title>'
mkdir "$ROOT/inside" "$ROOT/page"
mv "$ROOT/page.html" "$ROOT/page/index.html"
perl -e 'print pack("a4Va4a4VvvVVvva4V", "RIFF", 36 + 800000, "WAVE", "fmt ", 16, 1, 1, 8000, 8000, 1, 8, "data", 800000), "\x80" x 800000' >"$ROOT/a.wav"
cp "$ROOT/a.wav" "$ROOT/inside/"
age "$ROOT"/a.wav "$ROOT"/inside/a.wav "$ROOT"/page/*
config 'location "/page/" { header = {"Cross-Origin-Embedder-Policy: require-corp", "Cross-Origin-Opener-Policy: same-origin"} }' \
	'location "/inside/" { allow = "127.0.0.0/8" }'
start_ranged --listen 127.0.0.1:0
other=http://$(sed -n 2p "$DIR/address")
isnt "$other" "http://" "there is another origin"
play() { # URL: a browser command that prints the length of the recording
	echo "eval new Promise(done => { const v = document.createElement('video'); v.onloadedmetadata = () => done(v.duration); v.onerror = () => done('refused'); v.src = '$1' })"
}
printf '%s\n' "go $URL/page/" 'eval crossOriginIsolated' "$(play /a.wav)" "$(play "$other/a.wav")" "$(play "$other/a.wav?again")" \
	"$(play /inside/a.wav)" "$(play "$other/inside/a.wav")" | perl "$LIB/chromium.pl" "$DIR/chromium" >"$DIR/seen" 2>"$DIR/browser"
[ -s "$DIR/seen" ] || skip_all "chromium does not start here: $(head -n 1 "$DIR/browser")"
is "$(paste -sd' ' "$DIR/seen")" 'true 100 100 100 100 "refused"' "isolated; own file, other server, other server again, own file with access control, other server with access control"
finish
