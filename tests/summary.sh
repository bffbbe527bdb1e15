#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tests/summary.sh [--counts | --slowest] BUILD-DIR: prints the result of the last `make check`: the logs of failed
# tests, the names of skipped tests with their reasons, and the line "N passed, N failed, N skipped". The exit status is
# 1 if a test failed or none ran.
#
# RANGED_CI contains words for .ci/skips, for example "sanitizers" or "debian13". If it is set, a skipped test that
# .ci/skips does not list for these words counts as failed.
#
# --counts prints only the three numbers. --slowest prints the times of the twenty slowest tests, and the sum of all
# times.
set -u
here=$(cd "$(dirname "$0")" && pwd)
counts=
slowest=
[ "${1:-}" != --counts ] || { counts=1; shift; }
[ "${1:-}" != --slowest ] || { slowest=1; shift; }
[ $# -eq 1 ] || { echo "usage: $0 [--counts | --slowest] BUILD-DIR" >&2; exit 2; }
cd "$1" || exit 2
mapfile -t results < <(find tests -name '*.trs' | sort)

if [ -n "$slowest" ]; then
	find tests -name '*.log' -exec awk '
		/^# took [0-9]+ ms, of that [0-9]+ ms of processor time/ { printf "%.1f %.1f %s\n", $3 / 1000, $7 / 1000, FILENAME }' {} + |
		sort -rn | awk '
			{ took += $1; busy += $2 }
			NR <= 20 { sub(/\.log$/, "", $3); printf "  %6.1f s, %5.1f s of processor time: %s\n", $1, $2, $3 }
			END { printf "  %6.0f s, %5.0f s of processor time: all tests, one after another\n", took, busy }'
	exit
fi

if [ -z "$counts" ] && [ ${#results[@]} -gt 0 ]; then
	grep -lsE '^:global-test-result: (FAIL|ERROR)' "${results[@]}" | while read -r result; do
		echo "--- $PWD/${result%.trs}.log ends with:"
		grep -vE '^(ok |PASS: )' "${result%.trs}.log" | tail -n 60
	done
fi

# If a test fails, its program also exits with a status other than 0; this counts as one failure, not as two. Besides
# the output of the tests, the logs contain a line "RESULT: NAME NUMBER TITLE" for each result.
awk -v counts="$counts" -v ci="${RANGED_CI:-}" -v skips="$here/../.ci/skips" '
# Returns true if RANGED_CI contains one of the words in "[WORD,WORD]".
function holds(where,    words, i) {
	if (where !~ /^\[.*\]$/) return 1
	for (i = split(substr(where, 2, length(where) - 2), words, ","); i > 0; i--)
		if (index(" " ci " ", " " words[i] " ")) return 1
	return 0
}
function show(line) { if (!counts) print line }
BEGIN {
	while ((getline line < skips) > 0)
		if (line !~ /^#/ && split(line, word, " ") > 1 && holds(word[2]))
			{ sub(/\.sh$/, "", word[1]); listed[word[1]] = 1 }
	for (i = 1; i < ARGC; i++) {
		log_name = ARGV[i]; sub(/\.trs$/, ".log", log_name)
		name = ARGV[i]; sub(/\.trs$/, "", name)
		fails = errors = 0
		while ((getline line < ARGV[i]) > 0) {
			if (line ~ /^:test-result: PASS/) passed++
			else if (line ~ /^:test-result: (FAIL|XFAIL|XPASS)/) fails++
			else if (line ~ /^:test-result: ERROR/) errors++
			else if (line ~ /^:test-result: SKIP/) {
				if (ci && !(name in listed)) fails++; else skipped++
			}
		}
		while ((getline line < log_name) > 0) {
			if (line ~ /^ERROR: .* - exited with status/ && fails + errors > 1) errors--
			else if (line ~ /^(FAIL|ERROR|XPASS): /) show(line)
			else if (line ~ /^SKIP: /) show(line (ci && !(name in listed) ? " (not listed in .ci/skips)" : ""))
		}
		failed += fails + errors
	}
	if (counts) print passed + 0, failed + 0, skipped + 0
	else printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
	exit failed > 0 || passed == 0
}' "${results[@]}"
