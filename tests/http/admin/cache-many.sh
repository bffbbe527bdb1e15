#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Cache commands for trees of many files: a directory that is larger than a chunk of the walk, and deeply nested
# directories.
. "$(dirname "$0")/../lib.sh"
. "$LIB/cache-ops.sh"

MANY=8300 # more than one chunk of 8,192 names
CACHE=60M
read -r FLAT_BYTES DEEP_BYTES < <(perl -e '
	my ($root, $many) = @ARGV;
	my $bytes = 0;
	sub put { open my $out, ">", $_[0] or die "$_[0]: $!"; print $out $_[1]; close $out; utime 1e9, 1e9, $_[0] or die; $bytes += length $_[1] }
	mkdir "$root/flat";
	put(sprintf("%s/flat/%05d", $root, $_), sprintf("%05d%s", $_, "x" x ($_ % 90))) for 0 .. $many - 1;
	my $flat = $bytes;
	my $path = "$root/deep";
	for my $depth (0 .. 59) { mkdir $path; put("$path/$_", "$depth $_\n" x 100) for 1 .. 20; $path .= "/d" }
	print $flat, " ", $bytes - $flat, "\n"' "$ROOT" $MANY)
start_admin

post /cache/warm /flat
is "$CODE $(answer files) $(answer done_bytes) $(answer total_bytes) $(answer error)" "200 $MANY $FLAT_BYTES $FLAT_BYTES -" \
	"a directory with $MANY files is warmed"
post /cache/warm /deep
is "$CODE $(answer files) $(answer done_bytes) $(answer left_out) $(answer error)" "200 1200 $DEEP_BYTES - -" \
	"directories that are nested 60 levels deep are warmed"
at_least "$(answer elapsed_ms)" 0 "the answer has the elapsed time"
data_bytes() { take_stats; stat_of read 'stats bytes'; } # read from the disk
before=$(data_bytes)
for i in 0 1 8191 8192 8193 8299; do
	get "/flat/$(printf %05d $i)"
	cmp_whole "flat/$(printf %05d $i)"
done
get /deep/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/7
cmp_whole deep/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/7
is "$(data_bytes)" "$before" "warmed files are not read again"

# Several commands at the same time.
warm_to() { curl -sS -N -G -X POST --unix-socket "$SOCKET" --data-urlencode "path=$1" -o "$2" http://localhost/cache/warm; }
post /cache/evict /deep
is "$CODE $(answer files) $(answer evicted_bytes) $(answer 'done')" "200 1200 $DEEP_BYTES 1" "nested directories are evicted"
warm_to / "$DIR/one" & one=$!
warm_to /flat "$DIR/two" & two=$!
warm_to /deep "$DIR/three" & three=$!
wait $one $two $three
line_of() { cp "$1" "$DIR/answer"; echo "$(answer files) $(answer done_bytes) $(answer error)"; } # FILE
is "$(line_of "$DIR/one")" "$((MANY + 1200)) $((FLAT_BYTES + DEEP_BYTES)) -" "the first of three commands succeeds"
is "$(line_of "$DIR/two")" "$MANY $FLAT_BYTES -" "the second of three commands succeeds"
is "$(line_of "$DIR/three")" "1200 $DEEP_BYTES -" "the third of three commands succeeds"
get /flat/02345
cmp_whole flat/02345

post /cache/pin /flat
like "$(answer error)" "bytes can still be pinned" "a tree that needs more than half of the cache is pinned in part"
pinned=$(answer files)
at_least "$pinned" 6600 "files are pinned as long as they fit: a file occupies a page"
at_most "$pinned" 7680 "no more files are pinned"
post /cache/pin /flat
like "$(answer error)" "bytes can still be pinned" "a pinned tree can be pinned again"
at_least "$(answer files)" $((pinned - 200)) "files that are pinned already need no room"

# The tree changes while it is read: files appear, change and disappear.
post /cache/evict /
is "$CODE $(answer files) $(answer evicted_bytes) $(answer 'done')" \
	"200 $((MANY + 1200)) $((FLAT_BYTES + DEEP_BYTES)) 1" "all files are evicted"
perl -e '
	my ($root, $stop, $many) = @ARGV;
	for (my $i = 0; !-e $stop; $i++) {
		my $n = sprintf "%05d", $i * 7919 % $many;
		unlink "$root/flat/$n";
		rename sprintf("%s/flat/%05d", $root, ($i * 104729 + 1) % $many), "$root/flat/new$i" if $i % 3;
		mkdir "$root/deep/new$i" if $i % 8 == 0;
		select undef, undef, undef, 0.001 if $i % 16 == 0; # leaves some time for ranged
	}' "$ROOT" "$DIR/stop" $MANY & changer=$!
post /cache/warm /
touch "$DIR/stop"
wait $changer
is "$CODE $(answer 'done') $(answer left_out) $(answer error)" "200 1 - -" "files that disappear meanwhile are no errors"
at_least "$(answer files)" 1200 "the remaining files are warmed"
post /cache/evict /
is "$CODE $(answer 'done')" "200 1" "the tree is evicted"
stop_ranged

# The memory of a walk does not depend on the size of the directory. The first walk fills a chunk, starts the threads, and
# lets the allocator keep the memory.
[ -z "$SANITIZED" ] || finish
mkdir "$ROOT/chunk" "$ROOT/long"
perl -e '
	my ($root, $name) = ($ARGV[0], "n" x 200);
	open my $out, ">", "$root/one" or die;
	link "$root/one", sprintf("%s/chunk/%05d%s", $root, $_, $name) or die for 1 .. 9000;
	link "$root/one", sprintf("%s/long/%05d%s", $root, $_, $name) or die for 1 .. 30000' "$ROOT"
CACHE=16M
start_admin
peak_kib() { awk '/^VmHWM:/ { print $2 }' "/proc/$PID/status"; }
post /cache/evict /chunk
peak=$(peak_kib)
post /cache/evict /long
is "$CODE $(answer files)" "200 30000" "a directory with 30,000 long names is evicted"
at_most $(($(peak_kib) - peak)) 2048 "21,000 more names of 205 bytes need at most 2 MiB more memory (KiB)"
diag "$peak KiB, then $(peak_kib) KiB"
finish
