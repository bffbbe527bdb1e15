#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# GDAL with /vsicurl: directories, and windows of a cloud-optimized GeoTIFF with several ranges in a request.
. "$(dirname "$0")/lib.sh"

need_client gdal_translate gdal-bin
make_tree
perl -e 'print "P5\n2048 2048\n255\n"; srand 7; my $bytes = pack "C*", map { ($_ * 7 + int rand 50) & 255 } 1 .. 40000; print substr $bytes, int rand 37000, 2048 for 1 .. 2048' >"$DIR/in.pgm"
mkdir -p "$ROOT/maps/sub dir"
gdal_translate -q -of COG -co COMPRESS=NONE -co BLOCKSIZE=128 "$DIR/in.pgm" "$ROOT/maps/cog.tif" || { echo "Bail out! no COG"; exit 1; }
cp "$ROOT/maps/cog.tif" "$ROOT/maps/sub dir/ä b.tif"
serve
export GDAL_PAM_ENABLED=NO CPL_VSIL_CURL_CHUNK_SIZE=16384
cd "$DIR" || exit 1

# prints the checksum of a window
window() { gdal_translate -q -of PNM -srcwin "${@:2}" "$1" "$DIR/window.pgm" && sha256sum <"$DIR/window.pgm"; }
like "$(gdalinfo "/vsicurl/$URL/maps/cog.tif")" 'Size is 2048, 2048' "gdalinfo reads the file"
for at in "0 0 100 100" "300 300 700 500" "1948 1948 100 100" "0 1000 2048 3"; do
	# shellcheck disable=SC2086
	is "$(window "/vsicurl/$URL/maps/cog.tif" $at)" "$(window "$ROOT/maps/cog.tif" $at)" \
		"the window at $at is correct"
done
GDAL_HTTP_MULTIRANGE=SINGLE_GET window "/vsicurl/$URL/maps/cog.tif" 300 300 700 500 >"$DIR/sum"
is "$(cat "$DIR/sum")" "$(window "$ROOT/maps/cog.tif" 300 300 700 500)" "a window with one request is correct"
like "$(gdalinfo "/vsicurl/$URL/maps/sub%20dir/%C3%A4%20b.tif")" 'Size is 2048, 2048' \
	"a directory and a name with a blank are read"
mark_log
is "$(asked '^GET /maps/cog.tif 200')" 0 "the file is never sent as a whole"
at_least "$(asked '^GET /maps/cog.tif 206 [0-9]+ bytes=[^ ]*,')" 1 "a request has several ranges"

cat >"$DIR/list.py" <<'END'
import sys
from osgeo import gdal
gdal.UseExceptions()
for url in sys.argv[1:]:
    names = gdal.ReadDir("/vsicurl/" + url)
    print(url.split("/", 3)[3], "nothing" if names is None else " ".join(sorted(n for n in names if n not in (".", ".."))))
END
list() { "$PYTHON" "$DIR/list.py" "$@"; }
"$PYTHON" -c 'import osgeo' 2>/dev/null || finish
mapfile -t lists < <(list "$URL"/{maps,maps/,,maps/sub%20dir,tree/many,tree/di%26r,tree/d%C3%AF,tree/di%27r,tree/nest/a/b/c,tree})
is "${lists[0]-}" "maps cog.tif sub%20dir" "ReadDir lists a directory"
is "${lists[1]-}" "maps/ cog.tif sub%20dir" "ReadDir lists a directory with a slash"
is "${lists[2]-}" " maps tree" "ReadDir lists the root"
is "${lists[3]-}" "maps/sub%20dir %C3%A4%20b.tif" "ReadDir lists a directory with a blank"
is "$(wc -w <<<"${lists[4]-}")" 1201 "ReadDir lists 1,200 files"
is "${lists[*]:5:4}" "tree/di%26r f%20x tree/d%C3%AF f%20x tree/di%27r f%20x tree/nest/a/b/c f%20x" \
	"other names"
tr ' ' '\n' <<<"${lists[9]-}" | tail -n +2 | perl -pe 's/%(..)/chr hex $1/ge' >"$DIR/names"
is "$(grep -c . "$DIR/names")" "$(find "$ROOT/tree" -mindepth 1 -maxdepth 1 -printf '%f\n' | grep -c .)" \
	"ReadDir lists unusual names"
finish
