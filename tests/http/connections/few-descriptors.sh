#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# If descriptors are scarce, open_file_cache is lowered and max_connections stays. That many connections are then served
# at the same time, each with a file of its own. This also holds for several sites, for listings, and after a reload.
. "$(dirname "$0")/../lib.sh"

for i in $(seq 80); do
	make_file "$i/a.bin" 1000
done
mkdir "$DIR/a" "$DIR/b"
# shellcheck disable=SC2016
PREFIX=(bash -c 'ulimit -n 256 && exec "$@"' bash)
scarce=('workers = 2' 'open_file_cache = 50000' 'max_connections_per_client = 0')

lowered() { grep -oE '[a-z_]+ is lowered from [0-9]+ to [0-9]+' "$DIR/error.log" | paste -sd ' '; }
only_open_files='^open_file_cache is lowered from 50000 to [3-9][0-9]$'
rejected() { get /80/a.bin --max-time "$(seconds 5)"; [ "$STATUS" != 200 ]; }
crowd() { # COUNT PATH NAME
	mkfifo "$DIR/hold"
	: >"$DIR/crowd"
	perl "$LIB/crowd.pl" "$1" "$ADDRESS" "$2" <"$DIR/hold" >"$DIR/crowd" &
	CROWD=$!
	exec 9>"$DIR/hold"
	rm "$DIR/hold"
	count=$1
	ok "$1 connections are served: $3" await 10 all_served
	at_most "$(fd_count)" 256 "the process has at most 256 descriptors"
	ok "a further connection is rejected" rejected
	exec 9>&-
	wait "$CROWD"
	ok "the connections have ended" await 10 sockets_at_most 8
}
all_served() { [ "$(grep -c 200 "$DIR/crowd")" = "$count" ]; }

config "${scarce[@]}" 'max_connections = 60'
start_ranged
like "$(lowered)" "$only_open_files" "only open_file_cache is lowered"
crowd 60 '/#/a.bin' "one site"

config "${scarce[@]}" 'max_connections = 50' \
	"site a.example { root = \"$DIR/a\" }" "site b.example { root = \"$DIR/b\" }"
: >"$DIR/error.log"
reload_ranged
like "$(lowered)" "$only_open_files" "a reload with three sites lowers only open_file_cache"
crowd 50 '/#/a.bin' "three sites"

# With a listing, a connection may have two descriptors.
config "${scarce[@]}" 'max_connections = 30' 'listing = true'
: >"$DIR/error.log"
reload_ranged
like "$(lowered)" "$only_open_files" "a reload with listings lowers only open_file_cache"
crowd 30 '/#/' "listings"

config "${scarce[@]}" 'max_connections = 4096'
: >"$DIR/error.log"
reload_ranged
like "$(lowered)" '^open_file_cache is lowered from 50000 to 32 max_connections is lowered from 4096 to [5-9][0-9]$' \
	"if that does not suffice, max_connections is lowered"
crowd "$(lowered | sed 's/.* //')" '/#/a.bin' "the lowered number"
finish
