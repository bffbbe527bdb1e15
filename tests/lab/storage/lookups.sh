#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Requests to the server of a FUSE filesystem. Known names cost none until they must be looked up again. Missing names
# beside a file (.gz, .sha256, ...) cost none while their directory is the same. Bytes in the cache cost none.
. "$(dirname "$0")/../lib.sh"
need_cmd bindfs
[ -c /dev/fuse ] || skip_all "needs /dev/fuse"

source=$DIR/source
mkdir "$source"
ROOT=$source
files=()
for i in $(seq 40); do files+=("many/$i.js" 3000 "long/$i.js" 3000 "bare/$i.js" 3000); done
make_file "${files[@]}" big.bin 1000000
ROOT=$DIR/www
# The kernel keeps no names and attributes, and libfuse prints each request.
bindfs -f -d -o attr_timeout=0,entry_timeout=0 "$source" "$ROOT" </dev/null >"$DIR/requests" 2>&1 &
FAULT_PID=$!
await 10 mountpoint -q "$ROOT" || skip_all "no bindfs"
config 'location "/long/*" { revalidate = 1h }
location "/bare/*" { siblings = false }'
control_clock
start_ranged --workers 1
hold_clock # A name that was looked up is valid for a second.

# DIRECTORY: prints the status of each file that is not served.
request_all() {
	curl -sS --max-time "$(seconds 60)" -o /dev/null -w '%{http_code} %{url}\n' "$URL/$1/[1-40].js" 2>&1 | grep -v '^200 '
}
# begin, then requests PATTERN: the number of requests since begin whose lines match.
begin() { mark=$(wc -l <"$DIR/requests"); }
requests() { tail -n "+$((mark + 1))" "$DIR/requests" | grep -cE "$1"; }
any='^unique: .* nodeid: ([2-9]|1[0-9])' # not the root, which a thread checks each second
beside='\.(zst|br|gz|sha256|etag)$'

for directory in many long bare; do
	# The names are read when the directory was unchanged for 2 s.
	begin
	for _ in 1 2 3; do
		request_all $directory
		advance 3
	done
	if [ $directory = bare ]; then
		is "$(requests "$beside")" 0 "siblings = false: no name beside a file is looked up"
		is "$(requests 'opcode: (READDIR|READDIRPLUS) ')" 0 "siblings = false: no directory is read"
	else
		request_all $directory
		begin
		request_all $directory
		is "$(requests "$any")" 0 "$directory: known names and cached bytes cost no request"
	fi
done
advance 2
begin
is "$(request_all many)" "" "all files are served"
is "$(requests "$beside")" 0 "no missing name beside a file is looked up"
diag "many: $(requests "$any") requests for 40 files after a second"
at_most "$(requests 'opcode: LOOKUP ')" 100 "a lookup of the directory and one of the name for each of the 40 files"
advance 1700
begin
request_all long
is "$(requests "$any")" 0 "revalidate = 1h: no request before an hour"

gzip -cn "$source/many/7.js" >"$source/many/7.js.gz"
advance 2
get /many/7.js -H 'Accept-Encoding: gzip'
get /many/8.js
advance 2
get /many/7.js -H 'Accept-Encoding: gzip'
is "$(header Content-Encoding)" gzip "a new variant is sent"
get /bare/7.js
rm "$source/many/7.js.gz"
advance 2
get /many/7.js -H 'Accept-Encoding: gzip'
is "$STATUS $(header Content-Encoding)" "200 " "a deleted variant is no longer sent"
cmp_whole many/7.js "the file itself is sent"

# The whole body is in the cache: no check, and one after the maximum age.
get /big.bin
advance 0.2
begin
get /big.bin
is "$(requests "$any")" 0 "a long body from the cache costs no request"
release_clock
finish
