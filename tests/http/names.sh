# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Functions for tests with many files; source after lib.sh. The files are made and changed by changes.c, and requested by
# many.c.

need_cmd setpriv
for program in changes many; do need_program $program "$LIB/$program.c"; done
# Root without the capabilities that bypass file permissions, so that chmod and chown decide.
# shellcheck disable=SC2034 # for lib.sh
[ "$(id -u)" != 0 ] || PREFIX=(setpriv --bounding-set='-dac_override,-dac_read_search')

# NAMES ACTIVE GROUP: makes files below $ROOT, see changes.c.
make_names() {
	NAMES=$(($1 + ($2 > 0 ? 40 : 0) + 3 * $3)) # with the variants and the three directories
	"$DIR/changes" make "$ROOT" "$DIR/names" "$@" || { echo "Bail out! no files to serve"; exit 1; }
}

# SECONDS RATE: changes the files in the background.
start_changes() {
	"$DIR/changes" run "$ROOT" "$DIR/names" "$@" >"$DIR/changed" 2>&1 &
	CHANGES=$!
}

end_changes() {
	wait "$CHANGES"
	is $? 0 "all changes of files succeeded"
	diag "$(<"$DIR/changed")"
}

# CONNECTIONS SECONDS|all: requests names and writes the report of many.c to $DIR/many.out.
request_names() { "$DIR/many" "$ADDRESS" "$DIR/names" "$@" >"$DIR/many.out" 2>&1; }

# KEY: prints a number of the last report.
counted() {
	local lines
	mapfile -t lines <"$DIR/many.out"
	[[ " ${lines[-1]}" =~ " $1 "([0-9]+) ]] && echo "${BASH_REMATCH[1]}"
}

# NAME: checks the last report.
all_right() {
	is "$(counted wrong)" 0 "$1: each response is of one content of its name, and up to date"
	if [ "$(counted wrong)" = 0 ]; then echo "# $(<"$DIR/many.out")"; else sed 's/^/# /' "$DIR/many.out" | cut -c 1-250; fi
}

# Prints the number of files below DIRECTORY that the server has open.
open_below() { find "/proc/$PID/fd" -lname "$1/*" 2>/dev/null | wc -l; }

# Prints the number of lookups that the reactors have made themselves.
inline_lookups() {
	take_stats
	awk '/stats device/ && match($0, / lookups_inline=[0-9]+/) { sum += substr($0, RSTART + 16) } END { print sum + 0 }' "$DIR/stats"
}

# SECONDS WHERE: requests all files once, then random ones while files change. WHERE is "inline" if the reactors can look up
# names themselves, otherwise "offloaded".
check_changes() {
	local seconds=$1 kind
	[ -z "$SANITIZED" ] || seconds=$((seconds * 2)) # enough responses
	request_names 64 all
	is "$(counted 200)" "$NAMES" "all files are served"
	all_right "without changes"
	start_changes $((seconds - 1)) 200
	request_names 64 "$seconds"
	end_changes
	all_right "with changes"
	for kind in 200 206 304 403 404; do
		at_least "$(counted $kind)" 10 "there are responses with $kind"
	done
	is "$(counted other) $(counted refused)" "0 0" "there is no other status, and no refused connection"
	if [ "$2" = inline ]; then
		at_least "$(inline_lookups)" 100 "the reactors look up names"
	else
		is "$(inline_lookups)" 0 "the reactors look up no names"
	fi
}

# COUNT: makes many names, quickly: hard links in directories of a thousand. Sets LINKS, a format of their paths for
# pipeline.pl.
make_links() {
	# shellcheck disable=SC2016
	perl -e '
		my ($root, $count) = @ARGV;
		chdir $root or die;
		for my $number (0 .. $count - 1) {
			my $directory = sprintf "%05d", $number / 1000;
			if ($number % 1000 == 0) {
				mkdir $directory or die;
				open my $out, ">", "$directory/first" or die;
				print $out "x" x (100 + $number / 1000);
				close $out;
				utime 1500000000, 1500000000, "$directory/first";
			}
			link "$directory/first", sprintf "%s/%06d", $directory, $number or die "link: $!";
		}' "$ROOT" "$1" || exit
	# shellcheck disable=SC2034 # for the test
	LINKS=/%05d/%06d
}

# FIRST LAST STATUS TITLE: requests names of make_links.
request_links() {
	is "$(perl "$LIB/pipeline.pl" "$ADDRESS" 4 HEAD "$LINKS" "$1" "$2")" "$3 $(($2 - $1 + 1))" "$4"
}

# Requests all $COUNT names of make_links but the first 2000, which are known, and checks the memory that each one needs. Sets
# $known, the memory of the server in KiB.
measure_links() {
	local before each
	before=$(rss_kib)
	request_links 2000 $((COUNT - 1)) 200 "all names are found"
	known=$(rss_kib)
	each=$(((known - before) * 1024 / (COUNT - 2000)))
	diag "$each bytes for each name, $((known - before)) KiB in sum"
	# The paths have 12 bytes.
	at_most $each $((256 + 12)) "memory per name"
}
