#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# More files than open_file_cache can be served. At most open_file_cache files remain open.
. "$(dirname "$0")/../lib.sh"

# shellcheck disable=SC2046
make_sizes $(seq 100)
config 'open_file_cache = 8'
start_ranged
get /1.bin
open_files() { find "/proc/$PID/fd" -lname "$ROOT/*" 2>/dev/null | wc -l; }
few() { [ "$(open_files)" -le 8 ]; }

for i in $(seq 100); do
	echo "url = \"$URL/$i.bin\""
	echo "output = \"$DIR/out.$i\""
	echo "$i.bin 0 $((i - 1))" >&3
done >"$DIR/curls" 3>"$DIR/list"
for round in first second; do
	ok "100 files are served, round $round" curl -sS --fail --config "$DIR/curls"
	is "$(perl "$LIB/compare.pl" "$ROOT" "$DIR/out." "" <"$DIR/list")" "100 compared, 0 wrong" \
		"all bodies are correct"
	rm "$DIR"/out.*
done
ok "at most 8 files remain open" await 2 few

# While more files than this are read, more are open. They are closed when the responses end, without another request.
# The files are larger than the buffers of a connection in the kernel.
for i in $(seq 30); do
	truncate -s 60M "$ROOT/long$i.bin"
done
age "$ROOT"/long*.bin
for i in $(seq 30); do
	curl -sS --limit-rate 20K -o /dev/null "$URL/long$i.bin" &
	LONG+=($!)
done
many() { [ "$(open_files)" -ge 30 ]; }
ok "30 files are open while they are sent" await 10 many
kill "${LONG[@]}"
wait "${LONG[@]}" 2>/dev/null
ok "at most 8 files remain open after that" await 10 few
finish
