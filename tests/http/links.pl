#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Reads a listing in HTML or JSON from standard input. "links.pl html|json" prints its links, one per line, after the
# rules of HTML or JSON; directories end with a slash. "links.pl html|json curl BASE-URL OUT" prints a configuration for
# curl that fetches the files to OUT1, OUT2 and so on. "links.pl html|json compare DIRECTORY OUT" compares these files
# with the ones in DIRECTORY to which the decoded links refer.
use strict;
use warnings;

my ($format, $mode, @rest) = @ARGV;
local $/;
my $text = <STDIN>;
my @links;
if ($format eq "json") {
	require JSON::PP; # takes longer to load than a page of HTML to read
	@links = map { $_->{href} } @{JSON::PP::decode_json($text)->{entries}};
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
