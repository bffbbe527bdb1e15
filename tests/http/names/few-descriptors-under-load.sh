#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# With 256 file descriptors, and after the limit of a running server was lowered, 6,000 files that are not in memory are
# served over 64 connections: none is rejected, and few files are open. With 200 connections and more descriptors the server
# continues.
. "$(dirname "$0")/../lib.sh"
. "$LIB/names.sh"
need_cmd prlimit

make_names 6000 0 0
CACHE=8M
setpriv=("${PREFIX[@]}")

# Repeatedly counts the descriptors, and writes the highest numbers to $DIR/highest.
start_watch() {
	rm -f "$DIR/stop" "$DIR/highest"
	perl -e '
		my ($fds, $root, $result, $stop) = @ARGV;
		my ($open, $all) = (0, 0);
		for (my $last = 0; !$last; select undef, undef, undef, 0.02) {
			$last = -e $stop;
			opendir my $handle, $fds or last;
			my @fds = grep { !/^\./ } readdir $handle;
			my $below = grep { index(readlink("$fds/$_") // "", "$root/") == 0 } @fds;
			$open = $below if $below > $open;
			$all = @fds if @fds > $all;
		}
		open my $out, ">", $result or die;
		print $out "$open $all\n"' "/proc/$PID/fd" "$ROOT" "$DIR/highest" "$DIR/stop" &
	WATCH=$!
}
end_watch() { # sets FILES and DESCRIPTORS
	touch "$DIR/stop"
	wait $WATCH
	read -r FILES DESCRIPTORS <"$DIR/highest"
	diag "at most $FILES files and $DESCRIPTORS descriptors were open"
}
served() { # TITLE
	all_right "$1"
	is "$(counted other) $(counted cut) $(counted refused) $(counted reopened)" "0 0 0 0" \
		"$1: no response is an error, and no connection is rejected or closed"
}

# The limit is below what open_file_cache allows. If several threads open files, not all of them get a descriptor that was
# closed for them.
few_errors() { # TITLE
	at_most "$(counted wrong)" 64 "$1: few responses are errors"
	is "$(counted other) $(counted cut) $(counted refused)" "$(counted wrong) 0 0" "$1: nothing else is wrong"
}

# shellcheck disable=SC2016
PREFIX=(bash -c 'ulimit -n 256 && exec "$@"' bash "${setpriv[@]}")
config 'max_connections = 70' 'open_file_cache = 50000' 'max_connections_per_client = 0'
start_ranged --workers 2
start_watch
request_names 64 all
end_watch
served "256 descriptors"
is "$(counted 200)" 6000 "256 descriptors: all files are served"
limit=$(sed -n 's/.*open_file_cache is lowered from 50000 to \([0-9]*\).*/\1/p' "$DIR/error.log")
at_most "$FILES" $((limit + 64 + $(threads 'ranged-offload*' | wc -w))) \
	"256 descriptors: the open files are those of open_file_cache and of the connections"
at_most "$DESCRIPTORS" 256 "256 descriptors: the limit is kept"
stop_ranged

PREFIX=("${setpriv[@]}")
config 'max_connections = 300' 'open_file_cache = 400' 'max_connections_per_client = 0'
start_ranged --workers 2
start_watch
request_names 64 3 &
load=$!
many_open() { [ "$(open_below "$ROOT")" -ge 300 ]; }
await 10 many_open
prlimit --pid "$PID" --nofile=200:
wait $load
few_errors "a limit that is lowered to 200 during the load"
at_least "$(counted 200)" 1000 "a limit that is lowered to 200 during the load: files are served"
request_names 64 2
few_errors "after the limit was lowered"
end_watch
prlimit --pid "$PID" --nofile=1024:
start_watch
request_names 200 2
end_watch
served "200 connections when the limit has been raised again"
at_most "$FILES" $((400 + 200 + $(threads 'ranged-offload*' | wc -w))) "200 connections: the open files are those of open_file_cache and of the connections"
finish
