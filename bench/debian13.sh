# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs bench/run in a root filesystem of Debian 13, for its --debian13. The scripts in .ci make the root filesystem and
# enter it. The data directory is mounted in it, so that both releases can use the same files.
#
# This file uses variables and functions of bench/run: here, output, options, keep, programs, die and set_session_nice.
# shellcheck disable=SC2154 # variables of bench/run

# Paths in the root filesystem.
readonly inner_source=/srv/ranged inner_output=/srv/ranged/build/bench
inner='' # the process group of the running command

# Installs the peers and the tools. If Debian 13 does not have a package, that of this machine's release is installed.
install_in_root() { # ROOT
	local package packages=() file
	mkdir -p "$1/var/tmp/bench"
	"$here/../.ci/enter" "$1" / apt-get update || return
	while read -r _ package; do
		if "$here/../.ci/enter" "$1" / apt-cache show "$package" >/dev/null 2>&1; then
			packages+=("$package")
		elif (cd "$1/var/tmp/bench" && apt-get -o APT::Sandbox::User=root download "$package"); then
			file=("$1"/var/tmp/bench/"$package"_*.deb)
			packages+=("${file[0]#"$1"}")
		else
			say "neither Debian 13 nor the release of this machine has a package $package"
		fi
	done <<<"$programs"
	"$here/../.ci/enter" "$1" / env DEBIAN_FRONTEND=noninteractive \
		apt-get -o Acquire::Retries=3 install -y --no-install-recommends "${packages[@]}"
}

# Makes the root filesystem, or updates the source tree in one that was kept. Builds ranged in it.
prepare_root() { # ROOT
	if [ ! -e "$1/.complete" ]; then
		"$here/../.ci/make-root" trixie "$1" "$1-downloads" && install_in_root "$1" && touch "$1/.complete" || return
	fi
	"$here/../.ci/copy-source" "$1$inner_source" && "$here/../.ci/enter" "$1" $inner_source ./bootstrap
}

# Runs the benchmark. The mount of the data directory is visible only to it.
run_in_root() { # ROOT
	mkdir -p "$1$inner_output/ranged-bench-data" "$output/ranged-bench-data"
	# shellcheck disable=SC2016 # for the shell in the namespace
	exec unshare --mount --propagation private bash -euc '
		mount --bind "$1" "$2"
		shift 2
		exec "$@"' - "$output/ranged-bench-data" "$1$inner_output/ranged-bench-data" \
		"$here/../.ci/enter" "$1" $inner_source bench/run --keep "${options[@]}"
}

# Starts the command in a process group of its own, and waits for it.
run_in_group() { # COMMAND...
	set -m
	"$@" </dev/null &
	inner=$!
	set +m
	wait "$inner"
}

# Ends the process group. unshare ignores SIGTERM, and ends with the benchmark in the namespaces.
end_group() {
	kill -TERM -- "-$inner" 2>/dev/null || return
	for _ in {1..100}; do
		kill -0 -- "-$inner" 2>/dev/null || return
		sleep 0.1
	done
	kill -KILL -- "-$inner"
}

clean_up_root() { # ROOT
	[ -z "$inner" ] || end_group
	set_session_nice "$session_nice"
	rm -rf --one-file-system "$1-downloads"
	[ -n "$keep" ] || rm -rf --one-file-system "$1" "$output/ranged-bench-data"
}

run_in_debian13() {
	local root file status
	[ "$(id -u)" = 0 ] || die "root is needed to make a root filesystem"
	command -v debootstrap >/dev/null || die "debootstrap is missing: apt install debootstrap"
	mkdir -p "$output" && output=$(cd "$output" && pwd) || exit 1
	root=$output/debian13
	session_nice=$(sed 's/.* //' /proc/self/autogroup 2>/dev/null)
	# shellcheck disable=SC2064 # the path is expanded now
	trap "clean_up_root '$root'" EXIT
	trap 'exit 1' INT TERM HUP
	say "making a root filesystem of Debian 13 and building ranged in it; details are in $output/debian13.log"
	run_in_group prepare_root "$root" >"$output/debian13.log" 2>&1 ||
		die "the root filesystem could not be made: $(tail -n 1 "$output/debian13.log")"
	run_in_group run_in_root "$root"
	status=$?
	inner=''
	for file in result.txt result.png figures.tsv growth.txt growth.png growth.tsv; do
		[ ! -e "$root$inner_output/$file" ] || mv "$root$inner_output/$file" "$output/debian13-$file"
	done
	exit $status
}
