#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# zarrita reads Zarr 2 and 3 arrays, chunked and sharded. Missing chunks have the fill value. The configuration contains
# only "cors".
. "$(dirname "$0")/lib.sh"

need_npm zarrita
cat >"$DIR/make.mjs" <<'END'
// 100 × 100 of int32 in chunks of 10 × 10, value = 1000 row + column; chunk 9, 9 is missing. As Zarr 2, 3, and 3 in shards of 50 × 50.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
const root = process.argv[2];
const put = (path, data) => { mkdirSync(dirname(`${root}/${path}`), { recursive: true }); writeFileSync(`${root}/${path}`, data); };
const chunk = (r, c) => Buffer.from(Int32Array.from({ length: 100 }, (_, i) => 1000 * (r * 10 + Math.floor(i / 10)) + c * 10 + i % 10).buffer);
put("v2/.zarray", JSON.stringify({ zarr_format: 2, shape: [100, 100], chunks: [10, 10], dtype: "<i4", compressor: null, fill_value: 7, order: "C", filters: null }));
put("v2/.zattrs", "{}");
const array = (grid, codecs) => JSON.stringify({ zarr_format: 3, node_type: "array", shape: [100, 100], data_type: "int32", fill_value: 7, attributes: {},
	chunk_grid: { name: "regular", configuration: { chunk_shape: grid } }, chunk_key_encoding: { name: "default", configuration: { separator: "/" } }, codecs });
const bytes = { name: "bytes", configuration: { endian: "little" } };
put("v3/zarr.json", array([10, 10], [bytes]));
put("shards/zarr.json", array([50, 50], [{ name: "sharding_indexed",
	configuration: { chunk_shape: [10, 10], codecs: [bytes], index_codecs: [bytes, { name: "crc32c" }], index_location: "end" } }]));
for (let r = 0; r < 10; r++) for (let c = 0; c < 10; c++) if (r < 9 || c < 9) {
	put(`v2/${r}.${c}`, chunk(r, c));
	put(`v3/c/${r}/${c}`, chunk(r, c));
}
const crc32c = (data) => {
	let crc = ~0;
	for (const byte of data) { crc ^= byte; for (let k = 0; k < 8; k++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1; }
	return ~crc >>> 0;
};
for (let R = 0; R < 2; R++) for (let C = 0; C < 2; C++) {
	const parts = [], index = Buffer.alloc(25 * 16, 255);
	for (let i = 0, at = 0; i < 25; i++) {
		const r = R * 5 + Math.floor(i / 5), c = C * 5 + i % 5;
		if (r === 9 && c === 9) continue;
		index.writeBigUInt64LE(BigInt(at), i * 16);
		index.writeBigUInt64LE(400n, i * 16 + 8);
		parts.push(chunk(r, c));
		at += 400;
	}
	const sum = Buffer.alloc(4);
	sum.writeUInt32LE(crc32c(index));
	put(`shards/c/${R}/${C}`, Buffer.concat([...parts, index, sum]));
}
END
cat >"$DIR/read.mjs" <<'END'
import * as zarr from "zarrita";
const [url, version] = process.argv.slice(2);
const array = await zarr.open[version](new zarr.FetchStore(url), { kind: "array" });
const { data, shape } = await zarr.get(array, null);
let wrong = 0;
for (let r = 0; r < 100; r++) for (let c = 0; c < 100; c++) wrong += data[r * 100 + c] !== (r >= 90 && c >= 90 ? 7 : 1000 * r + c);
const row = await zarr.get(array, [42, zarr.slice(5, 15)]);
console.log(shape.join("x"), wrong, [...row.data].every((v, i) => v === 42005 + i));
END
node "$DIR/make.mjs" "$ROOT" || { echo "Bail out! no arrays"; exit 1; }
serve 'cors = {"*"}'
for array in "v2 v2" "v3 v3" "shards v3"; do
	read -r name version <<<"$array"
	is "$(timeout "$(seconds 60)" node "$DIR/read.mjs" "$URL/$name" "$version" 2>&1 | tail -n 1)" "100x100 0 true" \
		"the array $name is correct"
done
mark_log
at_least "$(asked '^GET /shards/[^ ]* 206')" 4 "shards are read in ranges"
finish
