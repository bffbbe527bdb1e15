# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Containers, in addition to lib.sh: a root filesystem with the packages of the last stage of Containerfile. Its files
# are those of the packages that are installed here. crun runs ranged in it, with the seccomp profile of podman. Usage:
#
#	. "$(dirname "$0")/../lib.sh"
#	. "$(dirname "$0")/../container.sh"
#	make_file a.bin 10007           # $ROOT is mounted as /srv/files
#	make_image
#	start_container                 # as process 1
#	get_contained /a.bin
#	stop_container
#	finish

[ -z "$SANITIZED" ] || skip_all "the seccomp profile forbids operations that a sanitizer needs"
need_cmd crun nsenter perl tar
PROFILE=/usr/share/containers/seccomp.json
[ -e "$PROFILE" ] || skip_all "needs $PROFILE (the package golang-github-containers-common)"

# crun supports version 1 of control groups or version 2, but not both at once. The test has its own mounts.
umount /sys/fs/cgroup/unified 2>/dev/null

SOURCE=$LAB/../..
IMAGE=$DIR/rootfs
CONTAINER=ranged-test-$$
MEMORY=$((512 << 20))
VARIABLES=()  # NAME=VALUE
MOUNTS=()     # SOURCE:DESTINATION:OPTIONS
CRUN=(crun --root "$DIR/crun" --cgroup-manager=cgroupfs)
RUNTIME=      # the process of crun

# Prints the packages of the last stage. Before Debian 13, the names of libraries have no suffix t64.
image_packages() {
	local package
	sed -n 's/^\t\([a-z0-9.+-]*\) \\$/\1/p' "$SOURCE/Containerfile" | while read -r package; do
		dpkg -s "$package" >/dev/null 2>&1 || package=${package%t64}
		dpkg -s "$package" >/dev/null 2>&1 || { echo "no package $package" >&2; return 1; }
		echo "$package"
	done
}

# Prints the packages and their dependencies, as far as they are installed.
with_dependencies() {
	# shellcheck disable=SC2016 # for dpkg-query and perl
	dpkg-query -W -f '${Package}|${Provides}|${Pre-Depends},${Depends}\n' | perl -ne '
		BEGIN { @wanted = splice @ARGV }
		chomp;
		my ($package, $provides, $depends) = split /\|/, $_, 3;
		$depends{$package} = [map { [map { s/^\s+//r =~ s/[\s:(].*//r } split /\|/] } split /,/, $depends];
		END { while (my $package = shift @wanted) {
			next if $seen{$package}++;
			print "$package\n";
			for my $choice (@{$depends{$package}}) {
				my ($first) = grep { $depends{$_} } @$choice;
				push @wanted, $first if defined $first;
			}
		} }' "$@"
}

make_image() {
	local packages
	mapfile -t packages < <(image_packages)
	[ ${#packages[@]} -ge 5 ] || skip_all "packages of Containerfile are not installed"
	mkdir -p "$IMAGE"/{usr/bin,usr/sbin,usr/lib,usr/lib64,etc/ranged,proc,sys,dev,srv/files}
	ln -s usr/bin usr/sbin usr/lib usr/lib64 "$IMAGE"
	mapfile -t packages < <(with_dependencies "${packages[@]}")
	dpkg -L "${packages[@]}" 2>/dev/null | grep -vE '^/usr/share/(doc|man|locale|lintian)|^/(usr/)?s?bin/' | sort -u |
		while read -r file; do [ -d "$file" ] || [ ! -e "$file" ] || echo "$file"; done |
		tar -cf - -T - 2>/dev/null | tar -C "$IMAGE" --keep-directory-symlink -xf -
	# /etc/passwd of the image of Debian has no user 10001, and this one has no user at all.
	install -m 755 "$RANGED" "$IMAGE/usr/sbin/ranged"
	install -m 644 "$SOURCE/conf/container.conf" "$IMAGE/etc/ranged/ranged.conf"
	MOUNTS+=("$ROOT:/srv/files:ro")
}

# [OPTION...]: writes the configuration of the container: the user, the entry point and the command of Containerfile, a
# read-only root, no capability, and the seccomp profile.
write_spec() {
	perl -MJSON::PP -0777 -e '
		my ($profile, $containerfile, $memory, $variables, $mounts, @options) = @ARGV;
		sub slurp { open my $in, "<", shift or die; <$in> }
		my $image = slurp($containerfile);
		my ($uid, $gid) = $image =~ /^USER (\d+):(\d+)$/m or die "no USER";
		my ($entry) = $image =~ /^ENTRYPOINT (.*)$/m or die "no ENTRYPOINT";
		my ($command) = $image =~ /^CMD (.*)$/m or die "no CMD";
		my %seccomp = %{decode_json(slurp($profile))};
		my ($machine) = `uname -m` =~ /(\S+)/;
		my %names = (x86_64 => "amd64", aarch64 => "arm64");
		my @calls;
		for my $rule (@{$seccomp{syscalls}}) {
			my ($needs, $unless) = ($rule->{includes} // {}, $rule->{excludes} // {});
			next if @{$needs->{caps} // []}; # the container has no capability
			next if $needs->{arches} && !grep { $_ eq $names{$machine} } @{$needs->{arches}};
			next if grep { $_ eq $names{$machine} } @{$unless->{arches} // []};
			my %call = (names => $rule->{names}, action => $rule->{action});
			$call{errnoRet} = $rule->{errnoRet} if defined $rule->{errnoRet};
			$call{args} = $rule->{args} if @{$rule->{args} // []};
			push @calls, \%call;
		}
		my @mounts = map {
			my ($from, $to, $how) = split /:/;
			{ destination => $to, type => "bind", source => $from, options => ["rbind", split /,/, $how] }
		} split /\n/, $mounts;
		my ($true, $false) = (JSON::PP::true, JSON::PP::false);
		print encode_json({
			ociVersion => "1.0.0",
			root => { path => "rootfs", readonly => $true },
			hostname => "ranged",
			process => {
				user => { uid => 0 + $uid, gid => 0 + $gid },
				cwd => "/", noNewPrivileges => $true, terminal => $false,
				args => [@{decode_json($entry)}, @options ? @options : @{decode_json($command)}],
				env => ["PATH=/usr/sbin:/usr/bin", split /\n/, $variables],
				capabilities => { map { $_ => [] } qw(bounding effective inheritable permitted ambient) },
			},
			mounts => [
				{ destination => "/proc", type => "proc", source => "proc", options => [qw(nosuid noexec nodev)] },
				{ destination => "/dev", type => "tmpfs", source => "tmpfs", options => [qw(nosuid mode=755 size=64m)] },
				{ destination => "/sys", type => "sysfs", source => "sysfs", options => [qw(nosuid noexec nodev ro)] },
				{ destination => "/sys/fs/cgroup", type => "cgroup", source => "cgroup", options => [qw(nosuid noexec nodev ro)] },
				@mounts,
			],
			linux => {
				resources => { devices => [{ allow => $false, access => "rwm" }], memory => { limit => 0 + $memory } },
				namespaces => [map { { type => $_ } } qw(pid network ipc uts mount)],
				maskedPaths => [qw(/proc/acpi /proc/asound /proc/kcore /proc/keys /proc/latency_stats /proc/timer_list
					/proc/scsi /sys/firmware)],
				readonlyPaths => [qw(/proc/bus /proc/fs /proc/irq /proc/sys /proc/sysrq-trigger)],
				seccomp => { defaultAction => $seccomp{defaultAction}, defaultErrnoRet => 38, syscalls => \@calls },
			},
		})' "$PROFILE" "$SOURCE/Containerfile" "$MEMORY" "$(printf '%s\n' "${VARIABLES[@]}")" \
		"$(printf '%s\n' "${MOUNTS[@]}")" "$@" >"$DIR/config.json" || exit
}

# [OPTION...]: starts the container and waits until it is ready. The options replace CMD of Containerfile. Sets
# HOST_PID, the number of the process outside of the container.
start_container() {
	write_spec "$@"
	"${CRUN[@]}" run --bundle "$DIR" --pid-file "$DIR/container.pid" "$CONTAINER" </dev/null \
		>"$DIR/stdout" 2>"$DIR/stderr.container" &
	RUNTIME=$!
	await 20 container_listens_or_ended
	container_listens || { diag "$(cat "$DIR/stderr.container")"; skip_or_fail; }
	# shellcheck disable=SC2034 # for the tests
	HOST_PID=$(cat "$DIR/container.pid")
}
container_listens() { [ -s "$DIR/container.pid" ] && inside curl -s --fail -o /dev/null http://127.0.0.1:9181/readyz; }
container_listens_or_ended() { container_listens || ! kill -0 "$RUNTIME"; }
# An environment without the rights to run any container is not an error of ranged.
skip_or_fail() {
	grep -q ' ranged .* serves ' "$DIR/stderr.container" || [ -n "${CI:-}" ] || skip_all "crun cannot run a container here"
	exit 1
}

# Runs a command in the network of the container.
inside() { nsenter --net="/proc/$(cat "$DIR/container.pid")/ns/net" "$@"; }

# PATH [CURL-OPTION...]: get of lib.sh, inside.
get_contained() {
	: >"$BODY"
	STATUS=$(inside curl -sS --max-time 20 -D "$HEAD" -o "$BODY" -w '%{http_code}' "${@:2}" "http://127.0.0.1:8080$1")
}

# Sends SIGTERM. Sets STATUS, the exit status, and MS, the duration.
stop_container() {
	local start=${EPOCHREALTIME//[.,]/}
	"${CRUN[@]}" kill "$CONTAINER" TERM
	wait "$RUNTIME"
	# shellcheck disable=SC2034 # for the tests
	STATUS=$?
	# shellcheck disable=SC2034
	MS=$(((${EPOCHREALTIME//[.,]/} - start) / 1000))
	RUNTIME=
}

# lab/lib.sh has a clean_up_more already.
eval "clean_up_lab() $(declare -f clean_up_more | tail -n +2)"
clean_up_more() {
	"${CRUN[@]}" delete --force "$CONTAINER" 2>/dev/null
	clean_up_lab
}
