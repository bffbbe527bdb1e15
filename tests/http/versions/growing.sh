#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A file that grows by 16 KiB every 20 ms. With append_only no transfer is aborted, and a client that follows the end of
# the file gets the new bytes, or a 416 response with the current size. Without append_only the size in a 416 response
# is current, too.
. "$(dirname "$0")/../lib.sh"

# Line n of 16 bytes contains n, so that the content of the file is known for any size.
cat >"$DIR/grow.pl" <<'PERL'
my ($file, $blocks, $stop) = @ARGV;
my $line = 0;
sub block { join "", map { sprintf "%015d\n", $line++ } 1 .. 1024 }
open my $out, ">>", $file or die;
syswrite $out, block() for 1 .. $blocks;
until (-e $stop) {
	select undef, undef, undef, 0.02;
	syswrite $out, block();
}
PERL
for name in log plain; do perl "$DIR/grow.pl" "$ROOT/$name.txt" 400 "$DIR/stop" & done
grown() { [ "$(size_of "$ROOT/$1.txt")" -ge 6553600 ]; }
for name in log plain; do await 20 grown $name; done
config 'location "/log*" { append_only = true }'
start_ranged

for i in 1 2; do
	get_range $((i * 100000))-$((i * 100000 + 4194303)) /log.txt --limit-rate 20M
	is "$STATUS $RC" "206 0" "a transfer of 4 MiB is not aborted"
	cmp_range log.txt $((i * 100000)) $((i * 100000 + 4194303)) "its bytes are correct"
done
get /log.txt --limit-rate 40M
is "$STATUS $RC" "200 0" "a transfer of the whole file is not aborted"
ok "the response has the size of the file at the time of the request" cmp -n "$(size_of "$BODY")" "$ROOT/log.txt" "$BODY"

# Follows the end of the file. A response contains at least all bytes that the file had when the request was sent.
follow() { # NAME
	local i next first before after wrong=0 late=0 unsatisfied=0
	next=$(size_of "$ROOT/$1.txt")
	for i in {1..12}; do
		# On a slow machine, only a range far beyond the end gets a 416 response.
		first=$((next + (i % 3 == 0 ? 100000000 : 0)))
		before=$(size_of "$ROOT/$1.txt")
		get_range "$first-" "/$1.txt"
		case $STATUS in
		206)
			cmp -s -i "$next:0" -n "$(size_of "$BODY")" "$ROOT/$1.txt" "$BODY" || wrong=$((wrong + 1))
			next=$((next + $(size_of "$BODY")))
			;;
		416)
			after=$(size_of "$ROOT/$1.txt")
			unsatisfied=$((unsatisfied + 1))
			size=$(header Content-Range)
			size=${size#*/}
			[ "$size" -ge "$before" ] && [ "$size" -le "$after" ] || late=$((late + 1))
			[ "$before" -le "$first" ] || late=$((late + 1))
			;;
		*) wrong=$((wrong + 1)) ;;
		esac
	done
	diag "$1: $unsatisfied responses were 416"
	at_least "$unsatisfied" 4 "$1: there are 416 responses"
	is "$late" 0 "$1: the size in each 416 response is current"
	[ "$1" = plain ] || is "$wrong" 0 "$1: all bytes are correct and no request fails"
}
follow log
follow plain

# The end of a range that exceeds the known size is replaced by the current end of the file.
get_range 0-0 /log.txt
before=$(size_of "$ROOT/log.txt")
get_range 6400000-99999999 /log.txt
size=$(header Content-Range)
at_least "${size#*/}" "$before" "a range beyond the end has the current size"
cmp_range log.txt 6400000 $((${size#*/} - 1)) "its bytes are correct"
touch "$DIR/stop"

# A file that is empty and then grows, and a file that is truncated in spite of append_only.
: >"$ROOT/log2.txt"
get_range 0- /log2.txt
is "$STATUS $(header Content-Length)" "200 0" "an empty file is served"
printf 'first\n' >>"$ROOT/log2.txt"
get_range 0- /log2.txt
is "$STATUS $(cat "$BODY")" "206 first" "the first bytes are served"
get_range 6- /log2.txt
is "$STATUS $(header Content-Range)" "416 bytes */6" "a range beyond the end is 416 with the current size"
head -c 194 /dev/zero >>"$ROOT/log2.txt"
get_range 200- /log2.txt
head -c 5000 /dev/zero >>"$ROOT/log2.txt"
get_range 0-0,150-999 /log2.txt
is "$STATUS" 206 "two ranges are checked against the current size of the file"
printf 'GET /log.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' | wire -b 65536 -f 100000 -p "$DIR/client" >"$DIR/reply" &
client=$!
await 10 test -e "$DIR/client.reached"
truncate -s 5000000 "$ROOT/log.txt"
touch "$DIR/client.go"
wait $client
is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" 200-cut "the transfer of a truncated file is aborted"
finish
