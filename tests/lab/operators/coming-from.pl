#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The pairs of the section "Coming from nginx, lighttpd, Caddy" of ranged.conf(5).
#
#	coming-from.pl prepare MANUAL TABLE DIR    writes configurations and requests for the servers to DIR
#	coming-from.pl compare MANUAL TABLE DIR    compares the responses, and prints "pass TITLE" or "fail TITLE: REASON"
#
# A pair is an item of the section with a literal block. A line of the block begins with the name of a server, or
# continues the line of the server above. coming-from.table has the requests for each pair.
#
# The lines for one server are in one process, each pair in a virtual host of its own, pN.test, where N is the number of
# the pair. Lines that are only valid at the top level are in other processes, which the table names.
#
# DIR/processes has one line "SERVER NAME FILE SOCKET..." for each process. The sockets are those that must accept
# connections before the requests are sent. DIR/SERVER.curl has the requests for a server.

use strict;
use warnings;
use IO::Socket::INET;

my ($command, $manual, $table, $dir) = @ARGV;
my @servers = qw(nginx lighttpd Caddy ranged);
my @pairs = read_manual();
my %requests = read_table();
my %ports;     # SERVER PAIR PORT: the port that replaces the port of the page
my @taken;     # sockets that keep the ports until all are chosen
my %processes; # NAME: [SERVER, FILE, [SOCKET...]]

prepare() if $command eq 'prepare';
compare() if $command eq 'compare';
exit 0;

# --- the manual and the table ---

sub read_manual {
	my (@found, $inside, $literal, $server);
	open my $in, '<', $manual or die "$manual: $!";
	while (<$in>) {
		chomp;
		if (/^\.Sh /) { $inside = /^\.Sh COMING FROM/; next }
		next unless $inside;
		if (/^\.It (.*)/) { push @found, { title => $1, number => scalar @found }; next }
		if (/^\.Bd -literal/) { $literal = 1; $server = undef; next }
		if (/^\.Ed/) { $literal = 0; next }
		next unless $literal;
		s/\\&//g; s/\\e/\\/g; s/\\\(ti/~/g; s/\\\(ha/^/g; s/\\\(aq/'/g; s/\\-/-/g;
		my ($name, $text) = /^(\S*)\s+(.*)/ or die "$manual:$.: no line of a pair\n";
		if ($name ne '') {
			grep { $_ eq $name } @servers or die "$manual:$.: \"$name\" is not a server\n";
			$server = $name;
			$text = (/^(.{10})(.*)/)[1];
		} else {
			$text = (/^ {10}(.*)/)[0] // die "$manual:$.: a line must be indented by ten columns\n";
		}
		push @{$found[-1]{$server}}, $text;
	}
	return grep { $_->{ranged} } @found;
}

# Returns TITLE => { process => { SERVER => NAME }, skip => { SERVER => REASON }, requests => [...] }.
sub read_table {
	my (%found, $pair);
	open my $in, '<', $table or die "$table: $!";
	while (<$in>) {
		chomp;
		next if /^#/ || /^\s*$/;
		if (/^\S/) { $pair = $found{$_} = { line => $., requests => [] }; next }
		s/^\s+//;
		if (/^process (\S+) (.*)/) { $pair->{process}{$_} = $1 for split ' ', $2; next }
		if (/^skip (\w+): (.*)/) { $pair->{skip}{$1} = $2; next }
		if (/^(\w+)< (.*)/) { push @{$pair->{add}{$1}}, $2; next }
		my ($request, $status, $fields, $body) = split /\s*\|\s*/, $_, -1;
		my ($target, @options) = split /\s+(?=-)/, $request;
		push @{$pair->{requests}}, { line => $., target => $target, options => \@options, status => { '' => $status =~ /^(\d+)/ },
			fields => [split / & /, $fields // ''], body => $body // '' };
		$pair->{requests}[-1]{status}{$1} = $2 while $status =~ /(\w+)=(\d+)/g;
	}
	return %found;
}

# Returns true if the lines of the pair for this server are tested.
sub tested {
	my ($server, $pair) = @_;
	return $pair->{$server} && !$requests{$pair->{title}}{skip}{$server};
}

# --- configurations ---

sub prepare {
	my %titles = map { $_->{title} => 1 } @pairs;
	for my $pair (@pairs) {
		die "$table: no requests for the pair \"$pair->{title}\"\n" unless $requests{$pair->{title}};
		die "$manual: two pairs \"$pair->{title}\"\n" if $titles{$pair->{title}}++ > 1;
	}
	for (keys %requests) { die "$table:$requests{$_}{line}: the manual has no pair \"$_\"\n" unless $titles{$_} }
	for my $server (@servers) {
		for my $pair (@pairs) { $pair->{text}{$server} = text_of($server, $pair) if tested($server, $pair) }
	}
	prepare_nginx();
	prepare_lighttpd();
	prepare_caddy();
	prepare_ranged();
	prepare_requests($_) for @servers;
	prepare_foreign_keys();
	write_file("processes", map { join(' ', $processes{$_}[0], $_, $processes{$_}[1], @{$processes{$_}[2]}) . "\n" } sort keys %processes);
}

# Returns the lines of a pair, with paths below DIR and free ports.
sub text_of {
	my ($server, $pair) = @_;
	my @added = @{$requests{$pair->{title}}{add}{$server} // []};
	return local_text($server, $pair, join("\n", @{$pair->{$server}}, @added) . "\n");
}

sub local_text {
	my ($server, $pair, $text) = @_;
	my $private = $server . $pair->{number};
	$text =~ s{/srv/}{$dir/srv/}g;
	$text =~ s{/etc/(ssl|nginx|lighttpd|caddy|ranged)/}{$dir/etc/$1/}g;
	$text =~ s{/run/}{$dir/run/$private}g;
	$text =~ s{/var/log/\w+/}{$dir/log/$private.}g;
	$text =~ s{\b10\.0\.0\.0/8}{127.1.0.0/16}g;
	$text =~ s{\b10\.9\.0\.0/16}{127.1.9.0/24}g;
	$text =~ s{\b192\.0\.2\.0/24}{127.2.0.0/16}g;
	$text =~ s{((?:listen|port|https?://|bind|fd:|tls:|:|"\[::\]:)[^\n]*?)(?<![\d.])(80|443|8080)(?![\d.])}{$1 . port_of($server, $pair, $2)}ge;
	return $text;
}

sub port_of {
	my ($server, $pair, $port) = @_;
	return $ports{$server}{$pair->{number}}{$port} //= free_port();
}

sub free_port {
	my $socket = IO::Socket::INET->new(Listen => 1, LocalAddr => '0.0.0.0', Proto => 'tcp') or die "no port: $!";
	push @taken, $socket;
	return $socket->sockport;
}

# The ports and sockets on which the lines of a pair listen.
sub sockets_of {
	my ($server, $pair) = @_;
	my @sockets = map { "127.0.0.1:$_" } values %{$ports{$server}{$pair->{number}} // {}};
	push @sockets, $1 while $pair->{text}{$server} =~ m{(\Q$dir\E/run/[\w.]+)}g;
	return @sockets;
}

# Returns the pairs whose lines for this server are in the main process, or in the process with this name.
sub pairs_of {
	my ($server, $name) = @_;
	return grep { $_->{text}{$server} && ($requests{$_->{title}}{process}{$server} // '') eq $name } @pairs;
}

# Returns the names of the other processes of this server.
sub other_processes {
	my ($server) = @_;
	my %names = map { $_ => 1 } grep { defined } map { $requests{$_->{title}}{process}{$server} } grep { tested($server, $_) } @pairs;
	return sort keys %names;
}

# Chooses an address for the process of these pairs, unless they have addresses. Returns it, and all sockets of the process.
sub address_for {
	my ($server, @group) = @_;
	my @sockets = map { sockets_of($server, $_) } @group;
	return ('', @sockets) if @sockets;
	my $port = free_port();
	$ports{$server}{$_->{number}}{all} = $port for @group;
	return ("127.0.0.1:$port", "127.0.0.1:$port");
}

sub titles { return join '', map { "# $_->{title}\n" } @_ }

# Returns the lines of HEAD without those whose key is also in TEXT.
sub without_keys_of {
	my ($text, $head) = @_;
	return join '', grep { /^(\S+) =/ && $text !~ /^\Q$1\E =/m } split /^/, $head;
}

sub host_of { return "p$_[0]{number}.test" }

sub indent { return $_[0] =~ s/^/    /gmr }

sub write_file {
	my ($name, @text) = @_;
	open my $out, '>', "$dir/$name" or die "$dir/$name: $!";
	print $out @text;
	close $out or die "$dir/$name: $!";
	return "$dir/$name";
}

sub prepare_nginx {
	my $port = $ports{nginx}{all} = free_port();
	my @sockets = ("127.0.0.1:$port");
	my ($main, $events, $http, $hosts) = ('', '', '', '');
	for my $pair (grep { $_->{text}{nginx} } @pairs) {
		my $server = '';
		# Statements of the outer blocks are moved there.
		for (statements($pair->{text}{nginx})) {
			if (/^worker_connections/) { $events .= $_ }
			elsif (/^(worker_|user )/) { $main .= $_ }
			elsif (/^(server \{|limit_\w+_zone|log_format|map)/) { $http .= $_ }
			else { $server .= $_ }
		}
		push @sockets, sockets_of('nginx', $pair);
		next if $server eq '' && $pair->{text}{nginx} =~ /^server /m;
		my $listen = $server =~ /^listen/m ? '' : "    listen 127.0.0.1:$port;\n";
		my $root = $server =~ /^root/m ? '' : "    root $dir/srv/files;\n";
		my $name = $server =~ /^server_name/m ? '' : "    server_name " . host_of($pair) . ";\n";
		$hosts .= "  # $pair->{title}\n  server {\n$listen$name$root" . indent($server) . "  }\n";
	}
	my $temps = join '', map { "  ${_}_temp_path $dir/nginx.temp;\n" } qw(client_body proxy fastcgi uwsgi scgi);
	my $file = write_file('nginx.conf', "daemon off;\npid $dir/nginx.pid;\nerror_log $dir/nginx.log;\nevents {\n$events}\n$main" .
		"http {\n  access_log off;\n  default_type application/octet-stream;\n$temps" .
		"  types { text/plain txt; text/html html htm; application/json json; }\n" . indent($http) . "$hosts}\n");
	$processes{nginx} = ['nginx', $file, \@sockets];
}

# Splits a configuration of nginx into statements of the outermost block.
sub statements {
	my ($text) = @_;
	my ($depth, $current, @found) = (0, '');
	for (split /^/, $text) {
		$current .= $_;
		$depth += tr/{// - tr/}//;
		next if $depth || !/[;}]\s*$/;
		push @found, $current;
		$current = '';
	}
	die "an incomplete statement of nginx: $current\n" if $current ne '';
	return @found;
}

sub prepare_lighttpd {
	my $common = "server.document-root = \"$dir/srv/files\"\nserver.errorlog = \"$dir/lighttpd.log\"\n" .
		"mimetype.assign = ( \".txt\" => \"text/plain\", \".html\" => \"text/html\", \".htm\" => \"text/html\", \".json\" => \"application/json\" )\n";
	my $port = $ports{lighttpd}{all} = free_port();
	my ($text, $hosts) = ('', '');
	for my $pair (pairs_of('lighttpd', '')) {
		my $own = $pair->{text}{lighttpd} =~ s/^server\.modules .*\n//mgr;
		$text .= $pair->{text}{lighttpd};
		$hosts .= titles($pair) . ($own =~ /\$HTTP\["host"\]/ ? $own : "\$HTTP[\"host\"] == \"" . host_of($pair) . "\" {\n" . indent($own) . "}\n");
	}
	my $file = write_file('lighttpd.conf', lighttpd_modules($text) . "${common}server.bind = \"127.0.0.1\"\nserver.port = $port\n$hosts");
	$processes{lighttpd} = ['lighttpd', $file, ["127.0.0.1:$port"]];
	for my $name (other_processes('lighttpd')) {
		my @group = pairs_of('lighttpd', $name);
		my ($address, @sockets) = address_for('lighttpd', @group);
		$text = join '', map { $_->{text}{lighttpd} } @group;
		my $listen = $address =~ /(.*):(.*)/ ? "server.bind = \"$1\"\nserver.port = $2\n" : '';
		$file = write_file("lighttpd.$name.conf", titles(@group) . lighttpd_modules($text) . without_keys_of($text, $common) . $listen .
			$text =~ s/^server\.modules .*\n//mgr);
		$processes{"lighttpd.$name"} = ['lighttpd', $file, \@sockets];
	}
}

# Returns the line that loads the modules for these lines.
sub lighttpd_modules {
	my ($text) = @_;
	my %modules;
	$modules{$1} = 1 while $text =~ /"(mod_\w+)"/g;
	$modules{$_->[1]} = 1 for grep { $text =~ $_->[0] } [qr/^\s*(setenv\.|include)/m, 'mod_setenv'], [qr/^\s*expire\./m, 'mod_expire'],
		[qr/^\s*auth\./m, 'mod_auth'], [qr/^\s*auth\.backend/m, 'mod_authn_file'], [qr/^\s*alias\./m, 'mod_alias'],
		[qr/^\s*url\.rewrite/m, 'mod_rewrite'], [qr/^\s*url\.redirect/m, 'mod_redirect'], [qr/^\s*url\.access/m, 'mod_access'],
		[qr/^\s*dir-listing\./m, 'mod_dirlisting'], [qr/^\s*accesslog\./m, 'mod_accesslog'], [qr/^\s*extforward\./m, 'mod_extforward'];
	return 'server.modules = ( ' . join(', ', map { "\"$_\"" } sort keys %modules) . " )\n";
}

sub prepare_caddy {
	my $port = $ports{Caddy}{all} = free_port();
	my @sockets = ("127.0.0.1:$port");
	my $sites = '';
	for my $pair (pairs_of('Caddy', '')) {
		my $text = $pair->{text}{Caddy};
		my $defaults = ($text =~ /^root /m ? '' : "    root * $dir/srv/files\n") . ($text =~ /^file_server/m ? '' : "    file_server\n");
		push @sockets, sockets_of('Caddy', $pair);
		if ($text =~ s/^((?:http|\w+\.example)[^\n]*\{\n)/$1$defaults/mg) { $sites .= titles($pair) . $text; next }
		$sites .= titles($pair) . "http://" . host_of($pair) . ":$port {\n$defaults" . indent($text) . "}\n";
	}
	my $file = write_file('Caddyfile', caddy_options('') . $sites);
	$processes{Caddy} = ['Caddy', $file, \@sockets];
	for my $name (other_processes('Caddy')) {
		my @group = pairs_of('Caddy', $name);
		my ($address, @own) = address_for('Caddy', @group);
		my $options = join '', map { $_->{text}{Caddy} =~ /\A\{\n(.*?)^\}\n/ms } @group;
		$file = write_file("Caddyfile.$name", titles(@group) . caddy_options($options) .
			"http://:" . $address =~ s/.*://r . " {\n    bind 127.0.0.1\n    root * $dir/srv/files\n    file_server\n}\n");
		$processes{"Caddy.$name"} = ['Caddy', $file, \@own];
	}
}

sub caddy_options {
	my ($options) = @_;
	return sprintf "{\n    admin off\n    auto_https off\n    http_port %d\n    https_port %d\n    skip_install_trust\n%s}\n",
		free_port(), free_port(), $options;
}

sub prepare_ranged {
	my $port = $ports{ranged}{all} = free_port();
	my $common = "workers = 1\ncache_size = 4M\ndisk_depth = 32\naccess_log = $dir/access.log\nerror_log = $dir/error.log\n";
	my $root = "root = $dir/srv/files\n";
	my $sites = '';
	for my $pair (pairs_of('ranged', '')) {
		my $text = $pair->{text}{ranged};
		$sites .= titles($pair) . ($text =~ /^site /m ? $text : 'site "' . host_of($pair) . "\" {\n" . indent(without_keys_of($text, $root) . $text) . "}\n");
	}
	my $file = write_file('ranged.conf', "${common}listen = \"127.0.0.1:$port\"\n$sites");
	$processes{ranged} = ['ranged', $file, ["127.0.0.1:$port"]];
	for my $name (other_processes('ranged')) {
		my @group = pairs_of('ranged', $name);
		my ($address, @sockets) = address_for('ranged', @group);
		my $text = join '', map { $_->{text}{ranged} } @group;
		my $listen = $address eq '' ? '' : "listen = \"$address\"\n";
		$file = write_file("ranged.$name.conf", titles(@group) . without_keys_of($text, $common . ($text =~ /^site /m ? '' : $root)) . $listen . $text);
		$processes{"ranged.$name"} = ['ranged', $file, \@sockets];
	}
}

# Writes configurations of ranged with the keys of nginx and lighttpd, 25 in each, because a check ends after some errors.
# Keys that would end it at once, because they have the same name in ranged, are omitted.
sub prepare_foreign_keys {
	my %keys;
	for my $pair (@pairs) {
		for (map { split /\n/, $pair->{text}{$_} // '' } qw(nginx lighttpd)) { $keys{$1} = 1 if /^\s*([a-z_]+(?:[.-]\w+)*)\s/ }
	}
	delete @keys{qw(include location)};
	my @keys = sort keys %keys;
	for (my $part = 0; @keys; $part++) { write_file("foreign.$part", map { "$_ = x\n" } splice @keys, 0, 25) }
}

# --- requests ---

# Writes the requests for a server as one configuration of curl.
sub prepare_requests {
	my ($server) = @_;
	my @text;
	for my $pair (grep { tested($server, $_) } @pairs) {
		for my $request (@{$requests{$pair->{title}}{requests}}) {
			my $name = "$dir/$server.$request->{line}";
			my $target = $request->{target};
			my $method = $target =~ s/^([A-Z]+) // ? $1 : 'GET';
			my $port = $ports{$server}{$pair->{number}}{all} // $ports{$server}{all};
			my $url = $target =~ m{^/} ? 'http://' . host_of($pair) . ":$port$target" :
				$target =~ s{^(\w+://[^/:]+):(\d+)}{"$1:" . ($ports{$server}{$pair->{number}}{$2} // $port)}er;
			my @lines = ("url = \"$url\"", "output = \"$name.body\"", "dump-header = \"$name.head\"", "write-out = \"$request->{line} %{http_code} %{time_total}\\n\"");
			push @lines, $method eq 'HEAD' ? 'head' : "request = $method" if $method ne 'GET';
			for (@{$request->{options}}) {
				my ($option, $value) = /^--?([\w-]+)(?:\s+(.*))?/;
				$value =~ s/^(X-Long: )(\d+)$/$1 . 'x' x $2/e if defined $value;
				$option = { H => 'header', u => 'user', r => 'range' }->{$option} // $option;
				push @lines, $option . (defined $value ? ' = "' . local_text($server, $pair, $value) =~ s/"/\\"/gr . '"' : '');
			}
			push @text, join("\n", @lines, 'connect-to = "::127.0.0.1:"', 'max-time = 30', 'insecure', 'path-as-is', 'globoff', 'silent') . "\n";
		}
	}
	write_file("$server.curl", join "next\n", @text);
}

# --- responses ---

sub compare {
	for my $pair (@pairs) {
		for my $server (@servers) { print "skip $pair->{title}: $server: $_\n" for $requests{$pair->{title}}{skip}{$server} // () }
		for my $request (@{$requests{$pair->{title}}{requests}}) {
			my (@wrong, %seen);
			for my $server (grep { tested($_, $pair) } @servers) { push @wrong, check($server, $pair, $request, \%seen) }
			print @wrong ? "fail" : "pass", " $pair->{title}: $request->{target} @{$request->{options}}", @wrong ? ": " . join('; ', @wrong) : '', "\n";
		}
	}
}

my %results; # SERVER LINE: [STATUS, SECONDS]

sub check {
	my ($server, $pair, $request, $seen) = @_;
	my @wrong;
	if (!$results{$server}) {
		open my $in, '<', "$dir/$server.results" or die "$dir/$server.results: $!";
		/^(\d+) (\d+) (\S+)/ and $results{$server}{$1} = [$2, $3] while <$in>;
	}
	my ($status, $seconds) = @{$results{$server}{$request->{line}} // [0, 0]};
	my $expected = $request->{status}{$server} // $request->{status}{''};
	push @wrong, "$server: status $status, not $expected" if $status != $expected;
	my $name = "$dir/$server.$request->{line}";
	my %fields = fields_of("$name.head");
	for (@{$request->{fields}}) {
		my ($of, $field, $value) = /^(?:(\w+):)?([\w-]+)(?:=(.*))?$/ or die "$table:$request->{line}: invalid field \"$_\"\n";
		next if defined $of && $of ne $server;
		next if !defined $of && grep { /^\Q$server\E:\Q$field\E(=|$)/ } @{$request->{fields}};
		if ($field eq 'seconds') {
			push @wrong, "$server: $seconds s, not at least $value" if $seconds < $value;
			next;
		}
		my $got = $fields{lc $field} // '-';
		$got = resolved($got, $request->{target}) if $field eq 'Location' && ($value // '') !~ /^http/;
		$value = $$seen{$field} //= $got if !defined $value;
		push @wrong, "$server: $field is \"$got\", not \"$value\"" if $got ne $value;
	}
	my $body = contents_of("$name.body");
	if ($request->{body} =~ m{^/(.*)/$}) {
		push @wrong, "$server: the body does not match" if $body !~ /$1/;
	} elsif ($request->{body} ne '') {
		my ($file) = $request->{body} =~ /\b\Q$server\E=(\S+)/ ? $1 : $request->{body} =~ /^(\S+)/;
		push @wrong, "$server: the body is not $file" if $body ne contents_of("$dir/srv/$file");
	}
	return @wrong;
}

sub contents_of {
	my ($file) = @_;
	open my $in, '<:raw', $file or return '';
	local $/;
	return <$in> // '';
}

# Returns a Location without scheme and host, as an absolute path.
sub resolved {
	my ($location, $target) = @_;
	my ($folder) = $target =~ m{^(?:[A-Z]+ )?(?:https?://[^/]+)?(/(?:[^?]*/)?)};
	return $location =~ s{^https?://[^/]+}{}r =~ s{^(?![-/])}{$folder}r;
}

sub fields_of {
	my ($file) = @_;
	my %fields;
	open my $in, '<', $file or return;
	while (<$in>) {
		s/\r?\n$//;
		next unless /^([\w-]+):\s*(.*)/;
		$fields{lc $1} = defined $fields{lc $1} ? "$fields{lc $1}, $2" : $2;
	}
	return %fields;
}
