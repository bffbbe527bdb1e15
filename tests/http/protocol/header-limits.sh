#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# max_headers, max_header_bytes, max_target_bytes, max_ranges.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 1000000
fields() { local i; for i in $(seq "$1"); do printf -- '-H\nX-%d: x\n' "$i"; done; }
start_ranged
mapfile -t list < <(fields 90)
get /a.bin "${list[@]}"
is "$STATUS" 200 "ninety fields"
mapfile -t list < <(fields 110)
get /a.bin "${list[@]}"
is "$STATUS" 431 "more than a hundred"
stop_ranged
config 'max_headers = 10' 'max_header_bytes = 2K' 'max_target_bytes = 300' 'max_ranges = 3'
start_ranged
mapfile -t list < <(fields 5)
get /a.bin "${list[@]}"
is "$STATUS" 200 "few fields"
mapfile -t list < <(fields 11)
get /a.bin "${list[@]}"
is "$STATUS" 431 "more than max_headers"
long=$(printf '%2500s' '' | tr ' ' x)
get /a.bin -H "X-Long: $long"
is "$STATUS" 431 "more than max_header_bytes"
get "/a.bin?${long:0:250}"
is "$STATUS" 200 "a target of less"
get "/a.bin?${long:0:300}"
is "$STATUS" 414 "more than max_target_bytes"
get_range 0-9,100000-100009,200000-200009 /a.bin
is "$STATUS" 206 "three ranges"
get_range ,,0-9,,100000-100009,,,200000-200009,, /a.bin
is "$STATUS" 206 "three and empty members"
get_range 0-9,100000-100009,200000-200009,300000-300009 /a.bin
is "$STATUS" 200 "four are none"
cmp_whole a.bin
finish
