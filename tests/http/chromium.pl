#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A headless Chromium that executes the commands on standard input, one per line, through the DevTools protocol over a
# pipe. It has no network except 127.0.0.1. Usage: chromium.pl PROFILE-DIRECTORY [PROGRAM]
#
#	go URL           loads the page and waits until it is loaded
#	size W H         sets the size of the window in CSS pixels
#	dark, light      sets the preferred colour scheme
#	eval JS          prints the value of the expression as JSON
#	key NAME         presses "/", "Escape", "ArrowDown", "Enter" …
#	type TEXT        types the text
#	click SELECTOR   clicks at the centre of the first matching element; "load" then waits for a page
#	end              ends the browser, like the end of standard input
#	shot FILE        writes a screenshot of the window (PNG)
#	errors           prints the errors of pages since the start or the last "errors", as JSON: exceptions, errors
#	                 and warnings of the console, and violations of policies
#	requests         prints the requested addresses, likewise
use strict;
use warnings;
use JSON::PP;
use MIME::Base64;
use POSIX qw(dup2);

my ($profile, $program) = @ARGV;
$program //= "chromium";
$^F = 20;    # exec keeps the pipes
pipe my $their_in, my $our_out or die;
pipe my $our_in, my $their_out or die;
my $pid = fork // die;
if (!$pid) {
	setpgrp;
	my ($in, $out) = map { POSIX::dup($_) // die } map { fileno $_ } ($their_in, $their_out);
	dup2($in, 3);
	dup2($out, 4);
	POSIX::close($_) for 5 .. 20;
	open STDIN, "<", "/dev/null";
	open STDOUT, ">", "/dev/null";
	open STDERR, ">", "$profile.log";
	exec $program, "--headless", "--no-sandbox", "--remote-debugging-pipe", "--user-data-dir=$profile", "--no-first-run",
		"--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--hide-scrollbars",
		# The following parts of the browser only cost time.
		"--disable-extensions", "--disable-default-apps", "--disable-component-update", "--disable-sync", "--disable-breakpad",
		"--metrics-recording-only", "--mute-audio", "--disable-features=Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider",
		"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "about:blank" or POSIX::_exit(127);
}
close $their_in;
close $their_out;
$SIG{ALRM} = sub { kill "KILL", $pid; die "chromium takes too long\n" };
alarm 60 * ($ENV{RANGED_SLOW} // 1);
END { end_all() if $pid }

# Ends all child processes, too, because they would continue to write into the profile.
sub end_all {
	my $status = $?;
	kill "TERM", $pid;
	waitpid $pid, 0;
	for (1 .. 200) {
		kill "KILL", -$pid or last;
		select undef, undef, undef, 0.02;
	}
	$? = $status;
}

my $id = 0;
my @events;
my (@errors, @requests);
my $session;

sub message {
	local $/ = "\0";
	my $text = <$our_in> // die "chromium ended\n";
	chomp $text;
	return decode_json($text);
}

sub note {
	my ($event, $of) = @{$_[0]}{"method", "params"};
	return unless $event;
	push @events, $event;
	push @requests, $of->{request}{url} if $event eq "Network.requestWillBeSent";
	push @errors, $of->{exceptionDetails}{exception}{description} // $of->{exceptionDetails}{text} if $event eq "Runtime.exceptionThrown";
	push @errors, join " ", map { $_->{value} // $_->{description} // "" } @{$of->{args}}
		if $event eq "Runtime.consoleAPICalled" && $of->{type} =~ /error|warning|assert/;
	push @errors, join " ", grep { defined } @{$of->{entry}}{"text", "url"} if $event eq "Log.entryAdded" && $of->{entry}{level} =~ /error|warning/;
}

sub call {
	my ($method, %params) = @_;
	my $want = ++$id;
	syswrite $our_out, encode_json({id => $want, method => $method, params => \%params, $session ? (sessionId => $session) : ()}) . "\0";
	while (1) {
		my $message = message();
		if (($message->{id} // 0) == $want) {
			die "$method: $message->{error}{message}\n" if $message->{error};
			return $message->{result};
		}
		note($message);
	}
}

sub await {
	my ($event) = @_;
	until (grep { $_ eq $event } @events) { note(message()) }
	@events = ();
}

sub evaluate {
	my $result = call("Runtime.evaluate", expression => $_[0], returnByValue => JSON::PP::true, awaitPromise => JSON::PP::true);
	die "$_[0]: $result->{exceptionDetails}{exception}{description}\n" if $result->{exceptionDetails};
	return $result->{result}{value};
}

my %keys = ("/" => ["Slash", 191, "/"], Escape => ["Escape", 27], ArrowDown => ["ArrowDown", 40], ArrowUp => ["ArrowUp", 38],
	Enter => ["Enter", 13, "\r"], Tab => ["Tab", 9]);

sub press {
	my ($key) = @_;
	my ($code, $number, $text) = @{$keys{$key} // die "no key $key\n"};
	my %of = (key => $key, code => $code, windowsVirtualKeyCode => $number);
	call("Input.dispatchKeyEvent", type => "keyDown", %of, defined $text ? (text => $text) : ());
	call("Input.dispatchKeyEvent", type => "keyUp", %of);
}

sub click {
	my ($selector) = @_;
	my $at = evaluate("(() => { const e = document.querySelector(" . encode_json([$selector]) . "[0]); e.scrollIntoView({block: 'center'});" .
		"const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] })()");
	my %of = (x => $at->[0], y => $at->[1], button => "left", clickCount => 1);
	@events = ();
	call("Input.dispatchMouseEvent", type => "mousePressed", %of);
	call("Input.dispatchMouseEvent", type => "mouseReleased", %of);
}

my %steps = (
	go => sub { @events = (); call("Page.navigate", url => $_[0]); await("Page.loadEventFired") },
	size => sub {
		my ($width, $height) = split / /, $_[0];
		call("Emulation.setDeviceMetricsOverride", width => $width + 0, height => $height + 0, deviceScaleFactor => 1 * ($ENV{SCALE} // 1),
			mobile => JSON::PP::false);
	},
	dark => sub { call("Emulation.setEmulatedMedia", features => [{name => "prefers-color-scheme", value => "dark"}]) },
	light => sub { call("Emulation.setEmulatedMedia", features => [{name => "prefers-color-scheme", value => "light"}]) },
	eval => sub { print JSON::PP->new->allow_nonref->canonical->utf8->encode(evaluate($_[0])), "\n" },
	key => sub { press($_[0]) },
	type => sub { call("Input.insertText", text => $_[0]) },
	click => sub { click($_[0]) },
	load => sub { await("Page.loadEventFired") },
	errors => sub { evaluate("0"); print encode_json(\@errors), "\n"; @errors = () },
	requests => sub { evaluate("0"); print encode_json(\@requests), "\n"; @requests = () },
	shot => sub {
		open my $out, ">", $_[0] or die "$_[0]: $!\n";
		print $out decode_base64(call("Page.captureScreenshot", format => "png")->{data});
	},
);

$| = 1;
my ($target) = grep { $_->{type} eq "page" } @{call("Target.getTargets")->{targetInfos}};
$session = call("Target.attachToTarget", targetId => $target->{targetId}, flatten => JSON::PP::true)->{sessionId};
call("$_.enable") for qw(Page Runtime Log Network);
while (my $line = <STDIN>) {
	chomp $line;
	my ($step, $rest) = split / /, $line, 2;
	next unless defined $step && length $step;
	last if $step eq "end";
	($steps{$step} // die "no step $step\n")->($rest // "");
}
call("Browser.close");
