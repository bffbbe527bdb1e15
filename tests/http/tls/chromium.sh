#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Chromium loads a page with its script, style sheet and image over https.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../tls.sh"

CHROMIUM=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || skip_all "needs chromium"
make_certificate a a.example
make_file big.bin 3000000
make_text page.html '<!doctype html><title>x</title><link rel=stylesheet href=style.css><p id=out>waiting</p><script src=script.js></script>'
make_text style.css '#out { width: 123px }'
make_text script.js 'fetch("big.bin").then(r => r.arrayBuffer()).then(b => fetch("big.bin", { headers: { Range: "bytes=5-14" } }).then(r => {
	out.textContent = [location.protocol, b.byteLength, r.status, isSecureContext, performance.getEntriesByType("navigation")[0].nextHopProtocol,
		getComputedStyle(out).width].join(" ");
}))'
start_tls "$(tls_pairs a)"
spki=$(openssl x509 -in "$DIR/a.pem" -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | openssl base64)
timeout "$(seconds 60)" "$CHROMIUM" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --user-data-dir="$DIR/chromium" \
	--ignore-certificate-errors-spki-list="$spki" --host-resolver-rules='MAP a.example 127.0.0.1' --virtual-time-budget=20000 \
	--dump-dom "$URL/page.html" >"$DIR/dom" 2>"$DIR/chromium.log"
like "$(cat "$DIR/dom")" 'https: 3000000 206 true http/1.1 123px' \
	"the page, the script, the style sheet and the image are loaded"
finish
