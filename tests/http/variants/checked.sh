#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A .gz or .zst file that does not decompress to the file is not sent in its place: a gzip file with several members, a
# compressed form of another file, or not a compressed file at all.
. "$(dirname "$0")/../lib.sh"

fastas="bgzip appended empty-first other text long zst-other zst-frames zst-text zst-skip zst-window zst-dictionary good unstated"
for name in $fastas; do make_file "$name.fa" 200000; done
cd "$ROOT" || exit 1
halves() { head -c 65280 "$1" | "${@:2}"; tail -c +65281 "$1" | "${@:2}"; }
extra() { # a bgzip file: blocks with an extra field, and an empty block at the end
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
	is "$STATUS $(header_count Content-Encoding) $(header_count Vary)" "200 0 0" \
		"$name: the file is sent uncompressed"
	cmp_whole "$name.fa"
	case $name in bgzip | appended | zst-window | empty) ;; *) continue ;; esac
	head_of "/$name.fa" "${accept[@]}"
	is "$(header Content-Length)" "$(size_of "$name.fa")" "$name: HEAD has the length of the uncompressed file"
	"$RANGED" "$ROOT" --explain "/$name.fa" "${accept[@]}" >"$DIR/explained" 2>&1 </dev/null
	like "$(cat "$DIR/explained")" "is not sent: .*$reason" "$name: --explain names the reason"
done <<-'END'
	bgzip bgzip file
	appended the size in its last gzip member
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
ok "the log names the reason" await 10 grep -qE '/bgzip.fa.gz is not sent in place of /bgzip.fa: it is a bgzip file' "$DIR/error.log"
is "$(grep -c 'bgzip.fa.gz is not sent' "$DIR/error.log")" 1 "the log has one line about the variant"
get /bgzip.fa.gz
cmp_whole bgzip.fa.gz "a variant that is requested by its own name is sent"
get /good.fa -H 'Accept-Encoding: gzip'
is "$(header Content-Encoding)" gzip "a variant that matches the file is sent"
cmp_whole good.fa.gz
for name in good unstated; do
	get /$name.fa -H 'Accept-Encoding: zstd'
	is "$(header Content-Encoding)" zstd "$name.zst is sent"
	cmp_whole $name.fa.zst
done

# A new version of the variant is checked again.
gzip -c bgzip.fa >new && age new && mv new bgzip.fa.gz
sent() { get /bgzip.fa -H 'Accept-Encoding: gzip' && [ "$(header Content-Encoding)" = gzip ] && cmp -s "$BODY" bgzip.fa.gz; }
ok "a new version that matches the file is sent" await 4 sent
gzip -c "$LIB/lib.sh" >new && age new && mv new bgzip.fa.gz
not_sent() { get /bgzip.fa -H 'Accept-Encoding: gzip' && [ "$(header_count Content-Encoding)" = 0 ]; }
ok "a new version that does not match is not sent" await 4 not_sent
cmp_whole bgzip.fa
finish
