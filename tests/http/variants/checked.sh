#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A .gz or .zst that is not the file, compressed, is not sent in its place: files of several members, other files, no archives at all.
. "$(dirname "$0")/../lib.sh"

fastas="bgzip appended empty-first other text long zst-other zst-frames zst-text zst-skip zst-window zst-dictionary good unstated"
for name in $fastas; do make_file "$name.fa" 200000; done
cd "$ROOT" || exit 1
halves() { head -c 65280 "$1" | "${@:2}"; tail -c +65281 "$1" | "${@:2}"; }
extra() { # bgzip's blocks: an extra field, and an empty block at the end
	perl -e '
		my ($file) = @ARGV;
		open my $in, "<:raw", $file or die;
		local $/;
		for my $block (unpack("(a65280)*", <$in>), "") {
			my $deflated = pack("CvvA*", 1, length $block, ~length($block) & 0xffff, "") . $block;
			print "\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0", pack("v", length($deflated) + 25), $deflated, pack("VV", 0, length $block);
		}' "$1"
}
if command -v bgzip >/dev/null; then bgzip -c bgzip.fa; else extra bgzip.fa; fi >bgzip.fa.gz
halves appended.fa gzip -c >appended.fa.gz
{ gzip -c </dev/null; gzip -c empty-first.fa; } >empty-first.fa.gz
gzip -c "$LIB/lib.sh" >other.fa.gz
echo "not an archive" >text.fa.gz
perl -e 'printf "\x1f\x8b\x08\x08%s%s\0", "\0" x 6, "n" x 1100' >long.fa.gz
zstd_of "$LIB/lib.sh" >zst-other.fa.zst
head -c 65280 zst-frames.fa >part
{ zstd_of part; zstd_of part; } >zst-frames.fa.zst
echo "not an archive" >zst-text.fa.zst
{ printf '\x50\x2a\x4d\x18\4\0\0\0abcd'; zstd_of zst-skip.fa; } >zst-skip.fa.zst
zstd_of zst-window.fa 0x80 '79400d0300' >zst-window.fa.zst
zstd_of zst-dictionary.fa 0xa1 '01400d0300' >zst-dictionary.fa.zst
gzip -c good.fa >good.fa.gz
zstd_of good.fa >good.fa.zst
zstd_of unstated.fa 0x00 58 >unstated.fa.zst
: >empty.fa
gzip -c empty.fa >empty.fa.gz
age ./*.fa.gz ./*.fa.zst empty.fa
start_ranged
accept=(-H 'Accept-Encoding: gzip, zstd')
while read -r name reason; do
	get "/$name.fa" "${accept[@]}"
	is "$STATUS $(header_count Content-Encoding) $(header_count Vary)" "200 0 0" "$name: the file as it is"
	cmp_whole "$name.fa"
	case $name in bgzip | appended | zst-window | empty) ;; *) continue ;; esac
	head_of "/$name.fa" "${accept[@]}"
	is "$(header Content-Length)" "$(size_of "$name.fa")" "$name: HEAD"
	"$RANGED" "$ROOT" --explain "/$name.fa" "${accept[@]}" >"$DIR/explained" 2>&1 </dev/null
	like "$(cat "$DIR/explained")" "is not sent: .*$reason" "$name: the reason"
done <<-'END'
	bgzip bgzip file
	appended last gzip member does not have the size
	empty-first
	other
	text
	long
	zst-other
	zst-frames
	zst-text
	zst-skip
	zst-window larger than the 8 MiB
	zst-dictionary
	empty the file is empty
END
await 5 grep -q 'bgzip.fa.gz is not sent' "$DIR/error.log"
like "$(cat "$DIR/error.log")" '/bgzip.fa.gz is not sent in place of /bgzip.fa: it is a bgzip file' "the log says why"
is "$(grep -c 'bgzip.fa.gz is not sent' "$DIR/error.log")" 1 "once"
get /bgzip.fa.gz
cmp_whole bgzip.fa.gz "by its own name it is a file like any other"
get /good.fa -H 'Accept-Encoding: gzip'
is "$(header Content-Encoding)" gzip "one that is the file is sent"
cmp_whole good.fa.gz
for name in good unstated; do
	get /$name.fa -H 'Accept-Encoding: zstd'
	is "$(header Content-Encoding)" zstd "$name.zst"
	cmp_whole $name.fa.zst
done

# It is checked again when it is another version.
gzip -c bgzip.fa >new && age new && mv new bgzip.fa.gz
sent() { get /bgzip.fa -H 'Accept-Encoding: gzip' && [ "$(header Content-Encoding)" = gzip ] && cmp -s "$BODY" bgzip.fa.gz; }
ok "a good one takes its place" await 4 sent
gzip -c "$LIB/lib.sh" >new && age new && mv new bgzip.fa.gz
not_sent() { get /bgzip.fa -H 'Accept-Encoding: gzip' && [ "$(header_count Content-Encoding)" = 0 ]; }
ok "and another one that is not" await 4 not_sent
cmp_whole bgzip.fa
finish
