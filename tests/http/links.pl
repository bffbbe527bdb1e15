#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The links of a listing, HTML or JSON, on stdin: "links.pl html|json" prints one a line, as they stand there after the rules of HTML or
# JSON, folders with a slash behind them. "links.pl html|json curl BASE-URL OUT" prints a configuration for curl that fetches those of
# files into OUT1, OUT2 …; "links.pl html|json compare FOLDER OUT" compares them with the files that the links, decoded, mean there.
use strict;
use warnings;
use JSON::PP;

my ($format, $mode, @rest) = @ARGV;
local $/;
my $text = <STDIN>;
my @links;
if ($format eq "json") {
	@links = map { $_->{href} } @{decode_json($text)->{entries}};
} else {
	@links = $text =~ /<tr><td class="\w"><a href="([^"]*)">/g;
	for (@links) { s/&lt;/</g; s/&gt;/>/g; s/&quot;/"/g; s/&#39;/'/g; s/&amp;/&/g }
}
if (!$mode) {
	print map { "$_\n" } @links;
	exit;
}
@links = grep { !m{/(\?.*)?$} } @links;
if ($mode eq "curl") {
	my ($base, $out) = @rest;
	my $n = 0;
	print join "next\n", map { $n++; "url = \"$base$_\"\noutput = \"$out$n\"\ngloboff\nfail\n" } @links;
	exit;
}
my ($folder, $out) = @rest;
my ($n, $wrong, %seen) = (0, 0);
sub slurp { open my $in, "<", $_[0] or return "$_[0]: $!"; my $all = <$in>; return $all }
for (@links) {
	$n++;
	my $name = $_;
	$name =~ s/%([0-9A-F]{2})/chr hex $1/ge;
	$seen{$name} = 1;
	$wrong++ if slurp("$folder/$name") ne slurp("$out$n");
}
opendir my $dir, $folder or die;
my @missing = grep { !/^\./ && -f "$folder/$_" && !$seen{$_} } readdir $dir;
print "$n fetched, $wrong wrong, ", scalar @missing, " missing\n";
