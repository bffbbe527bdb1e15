#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The rules of the layers of src/, and complete lists of sources and tests. Makefile.am lists the files from the bottom layer
# to the top one; a file may include only headers that are listed before it.
set -u
src=${top_srcdir:-$(cd "$(dirname "$0")/.." && pwd)}
build=${top_builddir:-$src/build}
cd "$src" || exit 1

# result NUMBER TITLE FINDINGS: passes if there are no findings.
result() {
	[ -z "$3" ] && { echo "ok $1 - $2"; return; }
	printf '# %s\n' "${3//$'\n'/$'\n# '}"
	echo "not ok $1 - $2"
	failed=1
}

listed() { sed -n '/^[a-z]*_files = /,/[^\\]$/p; /^ranged_SOURCES/p; /^ranged_probe_SOURCES/p; /^ranged_sign_SOURCES/p; /^ranged_ctl_SOURCES/p' Makefile.am | grep -oE 'src/([a-z_]+/)?[a-z_]+\.[ch]'; }

# Prints every include of a header of this tree as "includer included".
includes() { grep -Ho '^#include "[^"]*"' "${files[@]}" | sed 's/:#include "/ src\//; s/"$//'; }

upward() {
	awk 'NR == FNR { name = $1; sub(/\.[ch]$/, "", name); if (!(name in rank)) rank[name] = ++count; next }
	{ from = $1; to = $2; sub(/\.[ch]$/, "", from); sub(/\.[ch]$/, "", to) }
	!(to in rank) { print $1 " includes " $2 ", which is not in Makefile.am"; next }
	rank[to] > rank[from] { print $1 " includes " $2 ", which stands below it in Makefile.am" }' <(listed) <(includes)
}

# foo.c exports only foo_*. event_limit.c and input.c also replace functions of libraries. The files of a program beside the
# layers export PROGRAM_foo_*, and PROGRAM.c exports main().
foreign_symbols() {
	compgen -G "$build/src/*/*.o" >/dev/null || echo "there are no objects in $build/src"
	nm --print-file-name --defined-only --extern-only --format=posix "$build"/src/*.o "$build"/src/*/*.o | awk '
		{
			name = $1; sub(/\.o(\[.*)?:$/, "", name)
			parts = split(name, part, "/")
			name = part[parts]; folder = part[parts - 1]; symbol = $2
		}
		folder ~ /^(ctl|probe|sign)$/ && name != folder { name = folder "_" name }
		symbol == "epoll_wait" && name == "event_limit" { next }
		(symbol == "recv" || symbol == "gnutls_record_recv") && name == "input" { next }
		symbol == "main" && folder == name { next }
		$3 ~ /^[TDBRCVW]$/ && symbol != name && index(symbol, name "_") != 1 && symbol !~ /^(__|_?_?(asan|tsan|ubsan|odr|sancov))/ {
			print name ".c exports " symbol }'
}

# A test that no makefile lists never runs. A helper that no makefile lists is missing in the tarball.
unlisted_tests() {
	comm -13 <(cat Makefile.am tests/http/tests.am tests/lab/tests.am | tr -s '\\ \t' '\n' | sort -u) \
		<(printf '%s\n' tests/unit/*/*.c tests/http/*.sh tests/http/*.pl tests/http/*/*.sh tests/lab/*.sh tests/lab/*.c tests/lab/*/*.sh | sed '/unit/s/\.c$//' | sort) |
		sed 's/$/ is in no list/'
}

# Tests wait for an event; where time itself is the subject, they move the clock (control_clock in tests/http/lib.sh,
# clock_advance_ms() in tests/unit/suite.h).
long_sleeps() {
	grep -rnE '(^|[^a-z_])sleep[ (]+"?(\$\(seconds )?[1-9]|usleep\(([0-9]{7,}|[0-9]{4,} \* 1000)\)|nanosleep.*tv_sec = [1-9]|select[ (]+undef, undef, undef, [1-9]|poll\(NULL, 0, [0-9]{4,}' tests/http tests/unit
}

# A tab is 8 columns wide, and a character of UTF-8 is one column wide.
long_lines() {
	find src tests bench -name '*.[ch]' -exec env LC_ALL=C.UTF-8 wc -L {} + |
		awk '$1 > 120 && $2 != "total" { print $2 " has a line of " $1 " columns" }'
}

folders_without_readme() {
	local folder
	for folder in src/*/; do
		[ -f "$folder/README" ] || echo "$folder has no README"
		grep -qF "${folder}README \\" Makefile.am || echo "${folder}README is not in EXTRA_DIST"
	done
}

failed=0
mapfile -t files < <(find src -name '*.[ch]' | sort)
echo 1..9
result 1 "every file of src/ is listed once in Makefile.am, and no other" \
	"$(diff <(listed | sort) <(printf '%s\n' "${files[@]}") | grep '^[<>]')"
result 2 "includes go down the list" "$(upward)"
result 3 "only src/mhd/ includes microhttpd.h, and admin_server.c" \
	"$(grep -l 'microhttpd\.h' "${files[@]}" | grep -vx 'src/mhd/[a-z_]*\.[ch]\|src/admin/admin_server\.c')"
result 4 "no response from an iovec (with two or more elements a client can abort the process)" \
	"$(grep -n '_from_iovec *(' "${files[@]}")"
result 5 "foo.c exports only foo_*" "$(foreign_symbols)"
result 6 "every test is listed" "$(unlisted_tests)"
result 7 "no test sleeps for a second or more" "$(long_sleeps)"
result 8 "no line of a C file is longer than 120 columns" "$(long_lines)"
result 9 "each folder of src/ has a README" "$(folders_without_readme)"
exit $failed
