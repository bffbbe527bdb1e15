#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# geotiff.js reads windows of a tiled TIFF, with all tiles at once and in blocks. (Several ranges in a request are not
# tested: version 3.0.5 reads the parts two bytes beside their position, from any server.)
. "$(dirname "$0")/lib.sh"

need_npm geotiff
# 2048 × 2048 bytes in tiles of 64 × 64, uncompressed. Each byte is a function of its position.
# shellcheck disable=SC2016
perl -e 'my $row = pack "C*", map { $_ * 7 & 255 } 0 .. 319; my $tiles = 32 * 32; my $data = 4096; my @at = map { $data + 4096 * 3 + $_ * 4224 } 0 .. $tiles - 1;
	my @tags = ([256, 3, 1, 2048], [257, 3, 1, 2048], [258, 3, 1, 8], [259, 3, 1, 1], [262, 3, 1, 1], [277, 3, 1, 1], [322, 3, 1, 64], [323, 3, 1, 64],
		[324, 4, $tiles, 4096], [325, 4, $tiles, 8192]);
	my $out = pack("A2 v V", "II", 42, 8) . pack("v", scalar @tags) . join("", map { pack "v v V V", @$_ } @tags) . pack("V", 0);
	$out .= "\0" x (4096 - length $out) . pack("V*", @at) . pack("V*", (4096) x $tiles);
	for my $t (0 .. $tiles - 1) {
		$out .= "\0" x ($at[$t] - length $out);
		my ($x0, $y0) = ($t % 32 * 64, int($t / 32) * 64);
		# 7 * 183 is 1 modulo 256.
		for my $y ($y0 .. $y0 + 63) { $out .= substr $row, ($x0 + $y * 13 * 183) % 256, 64 }
	}
	print $out' >"$ROOT/t.tif"
age "$ROOT/t.tif"
serve
cat >"$DIR/window.mjs" <<'END'
import { fromUrl } from "geotiff";
const [url, ...blockSizes] = process.argv.slice(2);
for (const blockSize of blockSizes) {
const tiff = await fromUrl(url, +blockSize ? { blockSize: +blockSize, cacheSize: 2000 } : {});
const image = await tiff.getImage();
let wrong = 0;
for (const [x0, y0, x1, y1] of [[0, 0, 10, 10], [100, 100, 700, 900], [2000, 2000, 2048, 2048], [0, 1000, 2048, 1001]]) {
	const [band] = await image.readRasters({ window: [x0, y0, x1, y1] });
	for (let y = y0, i = 0; y < y1; y++) for (let x = x0; x < x1; x++, i++) if (band[i] !== ((x * 7 + y * 13) & 255)) wrong++;
}
console.log(image.getWidth(), wrong, "wrong");
}
END
mapfile -t results < <(timeout "$(seconds 60)" node "$DIR/window.mjs" "$URL/t.tif" 0 4096 2>&1)
is "${results[0]-}" "2048 0 wrong" "tiles: the windows are correct"
is "${results[1]-}" "2048 0 wrong" "blocks of 4096 bytes: the windows are correct"
mark_log
is "$(asked '^GET /t.tif 200')" 0 "the file is never sent as a whole"
finish
