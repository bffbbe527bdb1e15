#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Of what conf/ has for Grafana and Prometheus. Usage: monitoring.pl check|rows|queries FILE.json, monitoring.pl alerts FILE.yml,
# monitoring.pl ask URL <QUERIES
#
#	check    what is wrong with a dashboard, a line each
#	rows     the titles of its rows
#	queries  panel, query, a line each with a tab between; Grafana's variables are replaced
#	alerts   alert, expression, likewise; and each series that it looks at, as if that were the expression of "ALERT of SERIES"
#	ask      such lines: adds a third field, which is the number of results that are numbers, or what Prometheus at URL says is wrong
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
		push @wrong, "two of $target->{refId}" if $refs{$target->{refId}}++;
		push @wrong, "not of one instance: $target->{expr}" unless $target->{expr} =~ /instance=~"\$instance"/;
		push @wrong, "an unknown variable: $1" if query_of($target->{expr}) =~ /(\$\w+)/;
	}
	return @wrong;
}

sub overlap {
	my ($a, $b) = map { $_->{gridPos} } @_;
	return $a->{x} < $b->{x} + $b->{w} && $b->{x} < $a->{x} + $a->{w} && $a->{y} < $b->{y} + $b->{h} && $b->{y} < $a->{y} + $a->{h};
}

sub check {
	print "no $_\n" for grep { !defined $board->{$_} } qw(title uid schemaVersion time refresh tags version);
	print "no variable of type datasource\n" unless ($variables{datasource}{type} // "") eq "datasource";
	print "no variable of the instance\n" unless ($variables{instance}{type} // "") eq "query";
	my %ids;
	for my $panel (@panels) {
		my $name = "panel '$panel->{title}'";
		print "$name: two of id $panel->{id}\n" if $ids{$panel->{id}}++;
		print "$name: outside of the grid\n" if $panel->{gridPos}{x} + $panel->{gridPos}{w} > 24;
		next if $panel->{type} eq "row";
		print "$name: $_\n" for check_panel($panel);
	}
	for my $i (0 .. $#panels) {
		print "panel '$panels[$i]{title}' lies on '$panels[$_]{title}'\n" for grep { overlap($panels[$i], $panels[$_]) } $i + 1 .. $#panels;
	}
}

# No reader of YAML is at hand, and none is needed: an expression is on its line, or on those below that are further in.
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
($does{$what // ""} // die "what?\n")->();
