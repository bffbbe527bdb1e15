#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A FUSE filesystem whose attributes the kernel caches for an hour. If a file is overwritten, truncated or touched in
# the underlying directory, a transfer is aborted and a later request gets the new version. No body contains two
# versions or is padded.
. "$(dirname "$0")/../lib.sh"

need_cmd bindfs
[ -c /dev/fuse ] || skip_all "needs /dev/fuse"
CACHE=64M
source=$DIR/source
mkdir "$source"
ROOT=$source
make_file a.bin 20000000 b.bin 20000000
ROOT=$DIR/www
bindfs -f -o attr_timeout=3600,entry_timeout=3600 "$source" "$ROOT" </dev/null >"$DIR/bindfs.log" 2>&1 &
FAULT_PID=$!
clean_up_more() { umount -l "$ROOT" 2>/dev/null || fusermount -uz "$ROOT"; }
await 10 mountpoint -q "$ROOT" || skip_all "no bindfs"
start_ranged

overwrite() { dd if="$source/b.bin" of="$1" bs=1M conv=notrunc status=none; }
overwrite_and_reset() { overwrite "$1"; age "$1"; }
shorten() { truncate -s 9000000 "$1"; }
replace() { cp "$source/b.bin" "$source/.next"; mv "$source/.next" "$1"; }

for how in overwrite overwrite_and_reset shorten replace; do
	file=$how.bin
	cp "$source/a.bin" "$source/$file"
	age "$source/$file"
	rm -f "$DIR"/client.*
	printf 'GET /%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' "$file" | wire -b 65536 -f 100000 -p "$DIR/client" >"$DIR/reply" &
	client=$!
	await 10 test -e "$DIR/client.reached"
	$how "$source/$file"
	touch "$DIR/client.go"
	wait $client
	is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" 200-cut "$how: the transfer is aborted"
	get "/$file"
	is "$STATUS $RC $(header Content-Length)" "200 0 $(size_of "$source/$file")" \
		"$how: the next response is complete"
	cmp_whole "$source/$file" "$how: the next response is the new version"
done

# The first MiB is in the cache when the file changes.
for how in overwrite overwrite_and_reset shorten; do
	file=$how-before.bin
	cp "$source/a.bin" "$source/$file"
	age "$source/$file"
	get_range 0-1048575 "/$file"
	$how "$source/$file"
	get "/$file"
	is "$STATUS $RC $(header Content-Length)" "200 0 $(size_of "$source/$file")" \
		"$how before the request: the response is complete"
	cmp_whole "$source/$file" "$how before the request: the response is the new version"
done

# A small file of one extent: the new version is served after at most one second.
head -c 50000 "$source/a.bin" >"$source/small.bin"
age "$source/small.bin"
get /small.bin
cmp_whole "$source/small.bin" "a small file is served"
head -c 50000 "$source/b.bin" >"$source/small.bin"
renewed() { get /small.bin && [ "$STATUS" = 200 ] && cmp -s "$source/small.bin" "$BODY"; }
ok "the new version of the small file is served" await 2 renewed

# Changes of mode and link count do not change the version.
printf 'GET /a.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' | wire -b 65536 -f 100000 -p "$DIR/second" >"$DIR/reply" &
client=$!
await 10 test -e "$DIR/second.reached"
chmod 640 "$source/a.bin"
ln "$source/a.bin" "$source/name"
touch "$DIR/second.go"
wait $client
is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" 200 "a change of metadata aborts no transfer"
cmp_whole "$source/a.bin" "the transfer is complete" "$DIR/1.body"

# Each version consists of one repeated byte and is written by one system call, so that a mixture is visible.
perl -e '
	my ($file, $stop) = @ARGV;
	for (my $i = 0; !-e $stop; $i++) {
		open my $out, $i == 0 ? ">" : "+<", $file or die;
		syswrite $out, chr(65 + $i % 26) x 3000000;
		select undef, undef, undef, $i % 5 == 4 ? 0.2 * $ENV{RANGED_SLOW} : 0.03; # a slow build needs a long pause
	}' "$source/rewritten" "$DIR/stop" &
writer=$!
await 10 test -s "$source/rewritten"
whole=0 cut=0 mixed=0 short=0
end=$((SECONDS + 2))
while [ $SECONDS -le $end ] || { [ $whole -lt 3 ] && [ $SECONDS -le $((end + 30)) ]; }; do
	get /rewritten --limit-rate 100M
	[ "$STATUS" = 200 ] || continue # 503: the file changed during each of three attempts
	if [ $RC = 0 ]; then
		whole=$((whole + 1))
		[ "$(size_of "$BODY")" = 3000000 ] || short=$((short + 1))
	else
		cut=$((cut + 1))
	fi
	letter=$(head -c 1 "$BODY")
	[ $RC != 0 ] || [ "$(tr -d "$letter" <"$BODY" | wc -c)" = 0 ] || mixed=$((mixed + 1))
done
touch "$DIR/stop"
wait $writer
diag "$whole whole, $cut cut"
is "$mixed $short" "0 0" "no complete body contains two versions or is too short"
at_least $whole 3 "at least three bodies were complete"
stop_ranged
kill -KILL $FAULT_PID # it does not always end with SIGTERM
finish
