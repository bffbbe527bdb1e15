#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# fetch() of Node.js opens a connection for each waiting request: 400 concurrent ranges are served, also over TLS.
. "$(dirname "$0")/lib.sh"
# shellcheck source=../../http/tls.sh
. "$LIB/tls.sh"

need_client node nodejs
node -e 'fetch' 2>/dev/null || skip_all "needs a Node.js with fetch (18)"
make_file big.bin 5000000
gzip -k "$ROOT/big.bin"
make_certificate a localhost
LISTEN=
config "${CLIENT_CONFIG[@]}" 'listen = {"127.0.0.1:0", "tls:127.0.0.1:0"}' 'cors = {"*"}' "$(tls_pairs a)"
start_ranged
cat >"$DIR/ranges.mjs" <<'END'
import { readFileSync } from "node:fs";
const [url, path, count] = process.argv.slice(2);
const data = readFileSync(path);
const wrong = [];
await Promise.all([...Array(+count).keys()].map(async (i) => {
	const first = (i * 48271) % (data.length - 5000);
	const reply = await fetch(url, { headers: { Range: `bytes=${first}-${first + 4999}` } });
	const body = Buffer.from(await reply.arrayBuffer());
	if (reply.status !== 206 || !body.equals(data.subarray(first, first + 5000))) wrong.push(`${reply.status} ${body.length} at ${first}`);
}));
const whole = Buffer.from(await (await fetch(url)).arrayBuffer());
if (!whole.equals(data)) wrong.push("the whole");
console.log(wrong.length ? wrong.length + " wrong: " + wrong.slice(0, 3).join(", ") : "right");
END
is "$(node "$DIR/ranges.mjs" "$URL/big.bin" "$ROOT/big.bin" 400 2>&1 | tail -n 1)" right \
	"400 concurrent ranges are correct"
is "$(NODE_EXTRA_CA_CERTS=$DIR/a.pem node "$DIR/ranges.mjs" "https://localhost:$(sed -n 's/^tls:.*://p' "$DIR/address")/big.bin" "$ROOT/big.bin" 100 2>&1 | tail -n 1)" right \
	"100 by TLS"
finish
