#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Reads the files of conf/ for Grafana and Prometheus. Usage: monitoring.pl check|rows|queries FILE.json,
# monitoring.pl alerts FILE.yml, monitoring.pl ask URL <QUERIES
#
#	check    prints the errors in a dashboard, one per line
#	rows     prints the titles of its rows
#	queries  prints a line for each query: the panel, a tab, the query. Variables of Grafana are replaced
#	alerts   prints a line for each alert: its name, a tab, its expression. A line "ALERT of SERIES" follows for each series in it
#	ask      reads such lines and adds a third field: the number of results that are numbers, or the error message of Prometheus at URL
use strict;
use warnings;
use HTTP::Tiny;
use JSON::PP;

my ($what, $file) = @ARGV;
my ($text, $board, @panels, %variables);
binmode STDOUT, ":utf8";
$| = 1;
if ($file !~ /^http:/) {
	local $/;
	open my $in, "<", $file or die "$file: $!\n";
	$text = <$in>;
}
if ($file =~ /json$/) {
	$board = decode_json($text);
	@panels = @{$board->{panels}};
	%variables = map { $_->{name} => $_ } @{$board->{templating}{list}};
}

sub query_of {
	my ($expr) = @_;
	$expr =~ s/\$instance\b/.*/g;
	$expr =~ s/\$__rate_interval\b/10s/g;
	return $expr;
}

sub check_panel {
	my ($panel) = @_;
	my @wrong;
	push @wrong, "no description" unless length($panel->{description} // "");
	push @wrong, "no unit" unless length($panel->{fieldConfig}{defaults}{unit} // "");
	push @wrong, "no data source" unless ($panel->{datasource}{uid} // "") eq '${datasource}';
	push @wrong, "no query" unless @{$panel->{targets} // []};
	my %refs;
	for my $target (@{$panel->{targets}}) {
		push @wrong, "no legend" unless length($target->{legendFormat} // "");
		push @wrong, "refId $target->{refId} is used twice" if $refs{$target->{refId}}++;
		push @wrong, "the query does not select the instance: $target->{expr}" unless $target->{expr} =~ /instance=~"\$instance"/;
		push @wrong, "unknown variable: $1" if query_of($target->{expr}) =~ /(\$\w+)/;
	}
	return @wrong;
}

sub overlap {
	my ($a, $b) = map { $_->{gridPos} } @_;
	return $a->{x} < $b->{x} + $b->{w} && $b->{x} < $a->{x} + $a->{w} && $a->{y} < $b->{y} + $b->{h} && $b->{y} < $a->{y} + $a->{h};
}

sub check {
	print "no $_\n" for grep { !defined $board->{$_} } qw(title uid schemaVersion time refresh tags version);
	print "no variable of the type datasource\n" unless ($variables{datasource}{type} // "") eq "datasource";
	print "no variable for the instance\n" unless ($variables{instance}{type} // "") eq "query";
	my %ids;
	for my $panel (@panels) {
		my $name = "panel '$panel->{title}'";
		print "$name: ID $panel->{id} is used twice\n" if $ids{$panel->{id}}++;
		print "$name: outside the grid\n" if $panel->{gridPos}{x} + $panel->{gridPos}{w} > 24;
		next if $panel->{type} eq "row";
		print "$name: $_\n" for check_panel($panel);
	}
	for my $i (0 .. $#panels) {
		print "panel '$panels[$i]{title}' overlaps '$panels[$_]{title}'\n" for grep { overlap($panels[$i], $panels[$_]) } $i + 1 .. $#panels;
	}
}

# Perl has no YAML parser, and none is needed: an expression is on the line of its key, or on the indented lines below.
sub alerts {
	while ($text =~ /^ *- alert: (\S+)\n *expr: (?:>-\n((?: {10,}.*\n)+)|(.*)\n)/mg) {
		my ($alert, $expr) = ($1, $2 // $3);
		$expr =~ s/\s+/ /g;
		$expr =~ s/^ | $//g;
		print "$alert\t$expr\n";
		print "$alert of $_\t$_\n" for $expr =~ /\b(?:ranged_\w+|up(?=\{))(?:\{[^}]*\})?/g;
	}
}

sub ask {
	my $http = HTTP::Tiny->new(timeout => 10);
	while (my $line = <STDIN>) {
		chomp $line;
		my ($name, $query) = split /\t/, $line;
		my $answer = $http->post_form("$file/api/v1/query", {query => $query});
		my $result = eval { decode_json($answer->{content}) } // {error => $answer->{content}};
		my $said = ($result->{status} // "") eq "success" ? grep({ $_->{value}[1] ne "NaN" } @{$result->{data}{result}}) + 0 : $result->{error};
		print "$line\t$said\n";
	}
}

my %does = (
	alerts => \&alerts,
	ask => \&ask,
	check => \&check,
	rows => sub { print "$_->{title} " for grep { $_->{type} eq "row" } @panels },
	queries => sub {
		for my $panel (grep { $_->{type} ne "row" } @panels) {
			print "$panel->{title}\t", query_of($_->{expr}), "\n" for @{$panel->{targets}};
		}
	},
);
($does{$what // ""} // die "usage: monitoring.pl check|rows|queries|alerts FILE, monitoring.pl ask URL\n")->();
