#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# cache_state: the files and the parts of files that were in the cache are loaded again after a restart, without any
# request of a client.
. "$(dirname "$0")/../lib.sh"
. "$LIB/cache-ops.sh"

STATE=$DIR/state
mkdir "$STATE" "$ROOT/d"
odd=$'d/a\nb "c" %\xff\xfe,='
make_file big.bin 20000000 hot.bin 70000 warm.bin 3000000 "$odd" 5000 gone.bin 9000 changed.bin 9000 never.bin 9000 top.bin 100
old big.bin hot.bin warm.bin "$odd" gone.bin changed.bin never.bin top.bin
control_clock
config "cache_state = $STATE/list"
metric() { curl -sS --unix-socket "$SOCKET" http://localhost/metrics | sed -n "s/^ranged_$1 //p"; }
restored() { [ "$(metric cache_state_restoring)" = 0 ]; }
result() { metric "cache_state_files_total{result=\"$1\"}"; }

start_admin
ok "without a list, nothing is restored" await 10 restored
is "$(metric cache_state_listed_files)" 0 "the list is empty"
curl -sS --fail "$URL/{hot,warm,gone,changed,never,top,top,top,top}.bin" "$URL/d/a%0Ab%20%22c%22%20%25%FF%FE,=" >"$BODY"
get /big.bin -r 1000000-1999999
get /big.bin -r 15000000-15000099
stop_ranged
is "$(stat -c %a "$STATE/list")" 600 "only the user of the process can read the list"
is "$(find "$STATE" -type f | wc -l)" 1 "no temporary file is left"
like "$(sed -n 3p "$STATE/list")" ' top\.bin$' "the most requested file comes first"
like "$(tail -n 1 "$STATE/list")" '^end 8$' "the list has eight files"

rm "$ROOT/gone.bin"
make_file changed.bin 9001
old changed.bin
config "cache_state = $STATE/list" 'location /never.bin { cache = never }'
start_admin
ok "the list is restored" await 10 restored
is "$(result restored) $(result skipped) $(result failed)" "5 3 0" \
	"files that were deleted, have changed or are never cached are skipped"
like "$(cat "$DIR/error.log")" 'restored 5 of 8 files, .* skipped 3 of them' "the log has the numbers"
misses=$(metric 'cache_lookups_total{result="miss"}') bytes=$(read_bytes)
for path in hot.bin warm.bin top.bin; do
	get "/$path"
	cmp_whole "$path"
done
get '/d/a%0Ab%20%22c%22%20%25%FF%FE,='
cmp_whole "$odd" "a file with an unusual name has its bytes"
get /big.bin -r 1000000-1999999
cmp_range big.bin 1000000 1999999
get /big.bin -r 15000000-15000099
cmp_range big.bin 15000000 15000099
is "$(metric 'cache_lookups_total{result="miss"}') $(read_bytes)" "$misses $bytes" "all requests were hits"
at_most "$(resident /big.bin)" 2000000 "only the cached parts of the large file were loaded"

get /big.bin -r 5000000-5999999
advance 601
ok "a list is written after ten minutes" await 10 grep -q '[ ,]4980736-.* big.bin' "$STATE/list"
counted() { [ "$(metric 'cache_state_writes_total{result="done"}')" -ge 1 ]; }
ok "the write is counted" await 10 counted
config "cache_state = $STATE/other"
reload_ranged
ok "a reload changes the file" await 10 test -s "$STATE/other"
kill -KILL "$PID"
wait "$PID" 2>/dev/null
PID=
start_admin
ok "the list is restored after a kill" await 10 restored
is "$(metric cache_state_listed_files) $(result restored)" "5 5" "the last list is complete"
stop_ranged

# Lists that cannot be used.
good() { config "cache_state = $STATE/list"; cp "$STATE/other" "$STATE/list"; : >"$DIR/error.log"; }
good
head -c -20 "$STATE/other" >"$STATE/list"
start_admin
ok "a truncated list does not prevent the start" await 10 restored
is "$(result restored)" 0 "nothing is restored from it"
is "$(grep -c "cache_state: $STATE/list:[0-9]*: the list is damaged or truncated" "$DIR/error.log")" 1 "one warning names the file and the line"
stop_ranged
ok "a damaged list is replaced" grep -q '^end' "$STATE/list"
good
echo 'my notes' >"$STATE/list"
start_admin
ok "a file of another kind does not prevent the start" await 10 restored
stop_ranged
like "$(cat "$DIR/error.log")" "warning: cache_state: $STATE/list:1: this is not a list" "a warning says so"
is "$(cat "$STATE/list")" 'my notes' "the file is not replaced"
good
config "cache_state = $DIR/absent/list"
start_admin
ok "a directory that does not exist is reported at the start" await 10 grep -q "error: cache_state: cannot write $DIR/absent/list: No such file" "$DIR/error.log"
stop_ranged
is "$(grep -c 'cannot write' "$DIR/error.log")" 1 "the error is logged once"

# More files than a page of /cache/hot has.
good
mkdir "$ROOT/many"
perl -e 'for my $i (1 .. 2000) { open my $f, ">", "$ARGV[0]/f$i" or die; print $f $i x 20; }' "$ROOT/many"
find "$ROOT/many" -type f -exec touch -d '1 hour ago' {} +
sync -f "$ROOT" # otherwise each direct read waits for the write of its file
rm "$STATE/list"
start_admin
post /cache/warm /many
stop_ranged
is "$(tail -n 1 "$STATE/list")" 'end 2000' "the list has 2,000 files"
start_admin
ok "2,000 files are restored" await 20 restored
is "$(result restored) $(result skipped)" "2000 0" "all files are restored"
bytes=$(read_bytes)
get /many/f1321
cmp_whole many/f1321
is "$(read_bytes)" "$bytes" "a restored file is not read again"
stop_ranged

CACHE=0
start_admin
get /hot.bin
stop_ranged
is "$(tail -n 1 "$STATE/list")" 'end 2000' "without a cache, the list is kept"
finish
