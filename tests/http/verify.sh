# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The client that compares every byte of thousands of responses; source after lib.sh. The program is verify.c.

need_program verify "$LIB/verify.c" "$LIB/verify_requests.c"
VERIFY=$DIR/verify
EXPECTED=$ROOT # the directory of the expected files

# make_verified SIZE...: makes files SIZE.bin of these sizes, and sets VERIFIED, their names.
make_verified() {
	local size
	VERIFIED=()
	make_sizes "$@"
	for size; do VERIFIED+=("$size.bin"); done
}

# run_verify OPTION...: requests random ranges of the files of make_verified; see verify.c for the options. The report
# goes to $DIR/verify.out.
run_verify() {
	"$VERIFY" "$ADDRESS" "$EXPECTED" wait="$(seconds 30)" "$@" "${VERIFIED[@]}" >"$DIR/verify.out" 2>&1
}

# verify NAME OPTION...: the same, and checks that all bytes are correct.
verify() {
	run_verify "${@:2}"
	all_verified "$1"
}

all_verified() { # NAME
	is "$(verified wrong)" 0 "$1: every byte of every response is correct"
	[ "$(verified wrong)" = 0 ] || sed 's/^/# /' "$DIR/verify.out" | cut -c 1-250
	diag "$(tail -n 1 "$DIR/verify.out")"
}

# KEY: prints a number of the last report.
verified() { tail -n 1 "$DIR/verify.out" | grep -oE "(^| )$1 [0-9]+" | grep -oE '[0-9]+$'; }
