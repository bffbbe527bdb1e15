#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# pmtiles reads each tile of an archive with range requests, also after the archive was replaced.
. "$(dirname "$0")/lib.sh"

need_npm pmtiles
cat >"$DIR/make.mjs" <<'END'
// An archive of version 3 without compression: all tiles of zooms 0 to 4, each the text "NAME z x y".
import { writeFileSync } from "node:fs";
import { zxyToTileId } from "pmtiles";
const [path, name] = process.argv.slice(2);
const tiles = [];
for (let z = 0; z <= 4; z++) for (let x = 0; x < 1 << z; x++) for (let y = 0; y < 1 << z; y++)
	tiles.push({ id: zxyToTileId(z, x, y), data: Buffer.from(`${name} ${z} ${x} ${y} ${"x".repeat(1000)}`) });
tiles.sort((a, b) => a.id - b.id);
const varints = [];
const put = (n) => { for (; n > 127; n = Math.floor(n / 128)) varints.push((n % 128) | 128); varints.push(n); };
put(tiles.length);
tiles.forEach((t, i) => put(i ? t.id - tiles[i - 1].id : t.id));
tiles.forEach(() => put(1));
tiles.forEach((t) => put(t.data.length));
tiles.forEach((t, i) => put(i ? 0 : 1));
const root = Buffer.from(varints), meta = Buffer.from("{}"), data = Buffer.concat(tiles.map((t) => t.data));
const head = Buffer.alloc(127);
head.write("PMTiles");
head[7] = 3;
[127, root.length, 127 + root.length, meta.length, 0, 0, 127 + root.length + meta.length, data.length, tiles.length, tiles.length, tiles.length]
	.forEach((n, i) => head.writeBigUInt64LE(BigInt(n), 8 + i * 8));
head.set([1, 1, 1, 0, 0, 4], 96);
writeFileSync(path, Buffer.concat([head, root, meta, data]));
END
cat >"$DIR/read.mjs" <<'END'
import { renameSync } from "node:fs";
import { PMTiles } from "pmtiles";
const [url, path] = process.argv.slice(2);
const archive = new PMTiles(url);
const text = async (z, x, y) => Buffer.from((await archive.getZxy(z, x, y)).data).toString().trimEnd().replace(/ x+$/, "");
const wrong = async (name) => {
	let n = 0;
	await Promise.all([...Array(256).keys()].map(async (i) => { n += await text(4, i >> 4, i & 15) !== `${name} 4 ${i >> 4} ${i & 15}`; }));
	return n;
};
const before = await wrong("old");
renameSync(path + ".new", path);
await new Promise((done) => setTimeout(done, 1500)); // longer than "revalidate"
console.log(before, await wrong("new"), "wrong");
END
for name in old new; do node "$DIR/make.mjs" "$ROOT/$name.pmtiles" $name || { echo "Bail out! no archive"; exit 1; }; done
mv "$ROOT/old.pmtiles" "$ROOT/a.pmtiles"
mv "$ROOT/new.pmtiles" "$ROOT/a.pmtiles.new"
touch -d '2020-02-02 UTC' "$ROOT/a.pmtiles"
touch -d '2020-02-03 UTC' "$ROOT/a.pmtiles.new"
serve
is "$(timeout "$(seconds 60)" node "$DIR/read.mjs" "$URL/a.pmtiles" "$ROOT/a.pmtiles" 2>&1 | tail -n 1)" "0 0 wrong" \
	"256 tiles of the old and of the new archive are correct"
finish
