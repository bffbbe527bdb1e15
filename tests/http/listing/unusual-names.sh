#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# File names with every byte and of every length that the filesystem allows: the links in HTML and JSON lead to exactly
# these files.
. "$(dirname "$0")/../lib.sh"

mkdir "$ROOT/d:1" "$ROOT/d:1/sub <&>\"' %41?#"
# shellcheck disable=SC2016
perl -e 'chdir $ARGV[0] or die;
	my @names = ((map { chr } grep { $_ != 0x2e && $_ != 0x2f } 1 .. 255), (map { "x" . chr($_) . "y" } grep { $_ != 0x2f } 1 .. 255),
		"a" x 255, "%" x 255, "\xff" x 255, "\xe2\x82\xac" x 85, "\xe2\x82", "a:b", "http:x", " lead", "trail ", "a+b", "a%2Fb",
		"<script>alert(1)</script>", "&amp;", "&#x41;", "\$(id)", "..x", "a..", "\xe2\x80\xae" . "txt.exe", "CON", "a\r\nb");
	my $made = 0;
	for my $name (@names) {
		next if $name =~ /^\./;
		open my $out, ">", $name or next;
		print $out "content of ", unpack("H*", $name), "\n";
		$made++;
	}
	print $made' "$ROOT/d:1" >"$DIR/count"
at_least "$(cat "$DIR/count")" 500 "the files are created"
config 'listing = true'
start_ranged
for format in html json; do
	get "/d:1/?format=$format"
	is "$RC $STATUS" "0 200" "the $format listing is served"
	cp "$BODY" "$DIR/list"
	perl "$LIB/links.pl" $format curl "$URL/d:1/" "$DIR/got." <"$DIR/list" >"$DIR/curls"
	ok "$format: every link can be fetched" curl -sS --no-progress-meter --config "$DIR/curls"
	is "$(perl "$LIB/links.pl" $format compare "$ROOT/d:1" "$DIR/got." <"$DIR/list")" "$(cat "$DIR/count") fetched, 0 wrong, 0 missing" \
			"$format: every link leads to its file"
	rm -f "$DIR"/got.*
done
# shellcheck disable=SC2016
ok "JSON: UTF-8 in names is exact, other bytes are marked" perl -MJSON::PP -e 'local $/; my %name;
	for (@{decode_json(<STDIN>)->{entries}}) { utf8::encode(my $name = $_->{name}); $name{$_->{href}} = $name }
	for ("%E2%82%AC" x 85, "%3Cscript%3Ealert(1)%3C%2Fscript%3E", "a%0D%0Ab", "%22", "%5C") {
		(my $real = $_) =~ s/%(..)/chr hex $1/ge;
		die "$_" if exists $name{$_} && $name{$_} ne $real;
	}
	die unless $name{"x%FFy"} eq "x\xef\xbf\xbdy"' <"$DIR/list"
get "/d:1/?format=html"
# shellcheck disable=SC2016
ok "HTML is UTF-8 without control characters" perl -e 'local $/; my $text = <STDIN>; utf8::decode($text) or die "no UTF-8";
	die "control characters" if $text =~ /[\x00-\x08\x0b-\x1f\x7f-\x9f]/; die "it is not escaped" if $text =~ /<script>alert/' <"$BODY"
while read -r shown; do like "$(cat "$BODY")" "$shown" "shown as $shown"; done <<-'END'
	<span>x\\xFFy</span>
	<span>x␊y</span>
	<span>a␍␊b</span>
	<span>\\u\{202E\}txt.exe</span>
	<span>&amp;amp;</span>
END
get "/d:1/sub%20%3C%26%3E%22%27%20%2541%3F%23/"
is "$STATUS" 200 "a directory with an unusual name is listed"
like "$(cat "$BODY")" '<h1>sub &lt;&amp;&gt;&quot;&#39; %41\?#</h1>' "the title is escaped"
finish
