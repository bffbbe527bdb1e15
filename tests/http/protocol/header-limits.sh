#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The limits max_headers, max_header_bytes, max_target_bytes and max_ranges.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 1000000
fields() { local i; for i in $(seq "$1"); do printf -- '-H\nX-%d: x\n' "$i"; done; }
start_ranged
mapfile -t list < <(fields 90)
get /a.bin "${list[@]}"
is "$STATUS" 200 "90 fields are accepted by default"
mapfile -t list < <(fields 110)
get /a.bin "${list[@]}"
is "$STATUS" 431 "more than 100 fields are rejected by default"
stop_ranged
config 'max_headers = 10' 'max_header_bytes = 2K' 'max_target_bytes = 300' 'max_ranges = 3'
start_ranged
mapfile -t list < <(fields 5)
get /a.bin "${list[@]}"
is "$STATUS" 200 "a few fields are accepted"
mapfile -t list < <(fields 11)
get /a.bin "${list[@]}"
is "$STATUS" 431 "more fields than max_headers are rejected"
long=$(printf '%2500s' '' | tr ' ' x)
get /a.bin -H "X-Long: $long"
is "$STATUS" 431 "a header larger than max_header_bytes is rejected"
get "/a.bin?${long:0:250}"
is "$STATUS" 200 "a target shorter than max_target_bytes is accepted"
get "/a.bin?${long:0:300}"
is "$STATUS" 414 "a target longer than max_target_bytes is rejected"
get_range 0-9,100000-100009,200000-200009 /a.bin
is "$STATUS" 206 "max_ranges ranges are accepted"
get_range ,,0-9,,100000-100009,,,200000-200009,, /a.bin
is "$STATUS" 206 "empty members are not counted"
get_range 0-9,100000-100009,200000-200009,300000-300009 /a.bin
is "$STATUS" 200 "more ranges than max_ranges are ignored"
cmp_whole a.bin
finish
