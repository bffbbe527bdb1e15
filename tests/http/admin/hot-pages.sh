#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# /cache/hot ranks all known names, whatever their number, and returns any page of the ranking.
. "$(dirname "$0")/../lib.sh"
. "$LIB/cache-ops.sh"

COUNT=5000
CACHE=128M
# File number i has i bytes, at 16 names for each directory. The files below several/ consist of several extents.
perl -e '
	my ($root, $count) = @ARGV;
	sub put { open my $out, ">", $_[0] or die "$_[0]: $!"; print $out "y" x $_[1]; close $out; utime 1e9, 1e9, $_[0] or die }
	for my $i (1 .. $count) { mkdir sprintf "%s/%04d", $root, $i / 16; put(sprintf("%s/%04d/%05d", $root, $i / 16, $i), $i) }
	mkdir "$root/several";
	put("$root/several/$_", 1100000 + $_ * 100000) for 1 .. 5;
	put("$root/unread", 20000)' "$ROOT" $COUNT
start_admin
post /cache/warm /
is "$(answer files) $(answer error)" "$((COUNT + 6)) -" "all files are warmed"
post /cache/evict /unread

page() { # LIMIT OFFSET: prints the sizes in the answer
	post /cache/hot '' "limit=$1" "offset=$2"
	perl -MJSON::PP -e 'local $/; print join " ", map { $_->{resident_bytes} == $_->{size} ? $_->{path} =~ s,.*/0*,,r : "?" } @{decode_json(<STDIN>)->{files}}' <"$DIR/answer"
}
is "$(page 5 0)" "5 4 3 2 1" "files of several extents have the most bytes"
is "$CODE $(answer offset) $(answer total)" "200 0 $((COUNT + 5))" "the answer has the number of all names"
is "$(page 1000 2005)" "$(seq -s ' ' 3000 -1 2001)" "the third page of 1,000 has the right files"
is "$(page 10 4000)" "$(seq -s ' ' 1005 -1 996)" "page 401 of 10 has the right files"
is "$(page 20 $((COUNT - 5)))" "$(seq -s ' ' 10 -1 1)" "the last page ends with the smallest file"
is "$(page 20 $((COUNT + 5))) $(answer offset) $(answer total)" " $((COUNT + 5)) $((COUNT + 5))" "a page after the end is empty"
curl -sS -X POST --unix-socket "$SOCKET" "http://localhost/cache/hot?limit=1000&offset=[0-5000:1000]" -o "$DIR/page.#1"
is "$(perl -ne '$seen{$1}++ while /"path":"[^"]*\/0*(\d+)"/g; END { print keys(%seen) + 0, " ", scalar grep { $seen{$_} != ($_ <= 5 ? 2 : 1) } keys %seen }' \
	"$DIR"/page.*)" "$COUNT 0" "the pages have each name once"
for offset in -1 x 999981 ''; do
	post /cache/hot '' "offset=$offset"
	is "$CODE" 400 "offset=$offset is rejected"
done
like "$(answer error)" "offset: .* is not a number from 0 to 999980" "the message has the limits"
post /cache/hot '' limit=1000 offset=999000
is "$CODE" 200 "the largest offset is accepted"

# Files with equal bytes are in the order of their requests.
post /cache/evict /
printf '%s' aaaa >"$ROOT/e1"; printf '%s' bbbb >"$ROOT/e2"; printf '%s' cccc >"$ROOT/e3"
old e1 e2 e3
get /e1; get /e2; get /e2; get /e2; get /e3; get /e3
is "$(page 10 0)" "e2 e3 e1" "equal files are in the order of their requests"
finish
