#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# While a file is rewritten repeatedly, no complete body contains bytes of two versions.
. "$(dirname "$0")/../lib.sh"

# Each version consists of one repeated byte and is written by one system call, so that a mixture is visible.
perl -e 'print "A" x 3000000' >"$ROOT/in-place"
cp "$ROOT/in-place" "$ROOT/renamed"
start_ranged

# shellcheck disable=SC2016
perl -e '
	my ($root, $stop) = @ARGV;
	for (my $i = 0; !-e $stop; $i++) {
		my $bytes = chr(65 + $i % 26) x 3000000;
		open my $out, "+<", "$root/in-place" or die;
		syswrite $out, $bytes;
		open $out, ">", "$root/.next" or die;
		syswrite $out, $bytes;
		rename "$root/.next", "$root/renamed" or die;
		select undef, undef, undef, 0.03;
	}' "$ROOT" "$DIR/stop" &
writer=$!

whole=0 cut=0 mixed=0 length=0
end=$((SECONDS + 3))
while [ $SECONDS -le $end ] || { [ $whole -lt 5 ] && [ $SECONDS -le $((end + 30)) ]; }; do
	for target in in-place renamed; do
		get "/$target" --limit-rate 60M
		if [ $RC != 0 ]; then
			cut=$((cut + 1))
					[ "$target" = in-place ] || fail "the transfer of a replaced file was aborted"
		else
			whole=$((whole + 1))
			[ "$(size_of "$BODY")" = 3000000 ] || length=$((length + 1))
		fi
		first=$(head -c 1 "$BODY")
		[ -z "$(tr -d "$first" <"$BODY" | head -c 1)" ] ||
			mixed=$((mixed + 1))
	done
done
touch "$DIR/stop"
wait $writer
diag "$whole whole, $cut cut"
is $mixed 0 "no body contains two versions"
is $length 0 "no complete body is too short"
at_least $whole 5 "at least five bodies were complete"
finish
