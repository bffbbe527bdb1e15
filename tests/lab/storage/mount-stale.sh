#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# With stale = 1m, files that are completely in the cache are served for one minute after their last check while their
# filesystem does not answer, is lost, or is unmounted. Their responses are the same as before. Other requests are
# answered with 503. The log and the metrics report it. Without stale, all requests are answered with 503.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../storage.sh"
. "$(dirname "$0")/../../http/admin.sh"

need_fuse
mkdir "$DIR/source" "$DIR/mount"
ROOT=$DIR/source
make_file small.bin 50000 large.bin 3000001 part1.bin 3000001 part2.bin 3000001 part3.bin 3000001 cold0.bin 50000 cold1.bin 50000 cold2.bin 50000 cold3.bin 50000 not/small.bin 50000
make_text text.txt 'some text, repeated repeated repeated repeated'
make_variants text.txt.gz
start_mirror "$DIR/source" "$DIR/mount"
config "disk_queue_timeout = $QUEUE_TIMEOUT" 'disk_depth = 32' 'cache_size = 32M' 'listing = true' "root = \"$DIR/mount\"" \
	'stale = 1m' 'location "/not/" { stale = 0 }'
ROOT=
control_clock
start_with_admin
ROOT=$DIR/source

cold=0 # The files part1.bin and cold1.bin are not completely in the cache when the first check begins.
# shellcheck disable=SC2034 # a request below has it
tag=$(etag_of "$ROOT/small.bin")
# Prints the responses to requests for files that are completely in the cache: the status, the headers without those that
# depend on the time, and a checksum of the body. The bodies of errors have a number of their own.
cached_responses() {
	local arguments=() options number=0
	while IFS= read -r options; do
		number=$((number + 1))
		[ $number = 1 ] || arguments+=(--next)
		eval "arguments+=($options)"
		arguments[-1]=$URL${arguments[-1]}
		arguments+=(-sS --max-time $((60 * RANGED_SLOW)) -D "$DIR/cached.head.$number" -o "$DIR/cached.body.$number")
	done <<-'END'
		/small.bin
		/large.bin
		--head /large.bin
		-r 1000000-2000000 /large.bin
		-r 5-10 /large.bin
		-r -7 /large.bin
		-r 9000000- /large.bin
		-H "If-None-Match: $tag" /small.bin
		-H 'If-Match: "another"' /small.bin
		-H "If-Range: $tag" -r 0-9 /small.bin
		/text.txt
		-H 'Accept-Encoding: gzip' /text.txt
	END
	rm -f "$DIR"/cached.*
	curl "${arguments[@]}" 2>"$DIR/curl"
	perl -MDigest::MD5=md5_hex -e '
		my ($prefix, $count) = @ARGV;
		sub slurp { open my $in, "<:raw", $_[0] or return ""; local $/; return <$in> // "" }
		for my $number (1 .. $count) {
			my ($head, $body) = (slurp("${prefix}head.$number"), slurp("${prefix}body.$number"));
			$head =~ s/^date:.*\n//mi;
			print $head;
			print length $body, " bytes, ", md5_hex($body), "\n" unless $head =~ m{^HTTP/\S+ [45]} || $number == 3;
		}' "$DIR/cached." $number
}
all_known() { cached_responses >"$DIR/before"; get_range 0-999999 "/part$((cold + 1)).bin"; get /not/small.bin; }
check_served() { # NAME
	cold=$((cold + 1))
	cached_responses >"$DIR/now"
	ok "$1: files in the cache are served as before" diff "$DIR/before" "$DIR/now"
	get /large.bin
	cmp_whole large.bin "$1: the bytes are those of the file"
	get_range 100-2000000,2500000-2500009 /large.bin
	is "$STATUS" 206 "$1: several ranges are served"
	ask_all x /part$cold.bin /cold$cold.bin /not/small.bin /absent / /part$cold.bin >"$DIR/others"
	all_rejected "$1: other requests" "$DIR/others" 6 "$AT_ONCE"
}
check_too_old() { # NAME
	advance 61
	ask_all x /small.bin /large.bin /text.txt >"$DIR/old"
	all_rejected "$1: after the time of stale" "$DIR/old" 3 "$LATE"
}
all_served_again() { cached_responses >"$DIR/now" && cmp -s "$DIR/before" "$DIR/now" && served x /not/small.bin; }
begin() { # NAME: all files are known and have just been checked
	advance 2
	all_known
	advance 2
}

all_known # opens the files, and reads the directories
begin
is "$(grep -c '^HTTP/1.1 [234]' "$DIR/before") $(grep -c ' bytes, ' "$DIR/before")" "12 9" "all files are served at first"
hang "$MIRROR"
ask_all x /small.bin /cold0.bin >"$DIR/first"
is "$(statuses "$DIR/first")" '200*1 503*1' "the first requests after the server has stopped are answered"
at_most "$(slowest "$DIR/first")" "$LATE" "they are answered in time (ms)"
check_served "hung"
ok "one line of the log reports the start" await 10 logged 'device .* serving cached files' 1
device=$(awk -v mount="$DIR/mount" '$5 == mount { print $3 }' /proc/self/mountinfo)
take_numbers
at_least "$(metric "ranged_device_lookups_stale_total{device=\"$device\"}")" 12 "responses without a check are counted"
check_too_old "hung"
heal "$MIRROR"
ok "the filesystem is served again" await 20 all_served_again || diag "$(diff "$DIR/before" "$DIR/now")"
ok "one line of the log reports the end" await 10 logged 'device .*: files are revalidated again' 1

begin
lose "$MIRROR"
check_served "lost"
check_too_old "lost"
umount -l "$DIR/mount"
start_mirror "$DIR/source" "$DIR/mount"
ok "the filesystem is served after it was mounted again" await 20 all_served_again || diag "$(diff "$DIR/before" "$DIR/now")"

begin
umount -l "$DIR/mount"
ok "the root notices that its filesystem was unmounted" await 20 rejected x /absent
check_served "unmounted"
check_too_old "unmounted"
finish
