# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A private systemd, in addition to lib.sh: systemd-nspawn boots it in about a second on an overlay of the root
# filesystem, with ranged and its units installed as "make install" does. Nothing is written to the machine itself.
# Usage:
#
#	. "$(dirname "$0")/../lib.sh"
#	. "$(dirname "$0")/../systemd.sh"
#	make_file a.bin 10007
#	boot 'listen = {":80"}'         # lines of /etc/ranged/ranged.conf; the root is $ROOT, as /srv/files
#	inside systemctl start ranged
#	get_inside /a.bin
#	finish

need_cmd systemd-nspawn systemctl nsenter make curl
[ -z "$SANITIZED" ] || skip_all "what a sanitizer needs the sandbox of the unit forbids"

MACHINE=$DIR/machine # the root filesystem of this systemd
NSPAWN=
LEADER=
UNITS=$MACHINE/etc/systemd/system
GROUP=ranged-test-$$

# Installs the units, for the program in /usr/sbin and the configuration in /etc.
install_units() {
	local build=${RANGED%/*} unit program config
	# make would read rules for seconds, and "make check" has made them already.
	for unit in ranged.service ranged@.service; do
		[ -e "$build/systemd/$unit" ] && [ ! "$LAB/../../systemd/ranged.service.in" -nt "$build/systemd/$unit" ] ||
			make -s -C "$build" "systemd/$unit" >"$DIR/make" 2>&1 || { diag "$(cat "$DIR/make")"; exit 1; }
	done
	read -r program config < <(sed -n 's/^ExecStart=\([^ ]*\) .* \([^ ]*\)\/ranged.conf$/\1 \2/p' "$build/systemd/ranged.service")
	for unit in ranged.service ranged@.service; do
		sed "s|$program|/usr/sbin/ranged|; s|$config/|/etc/ranged/|" "$build/systemd/$unit" >"$MACHINE/lib/systemd/system/$unit"
	done
	install -m 644 "$LAB/../../systemd/ranged.socket" "$MACHINE/lib/systemd/system/ranged.socket"
	install -D -m 644 "$LAB/../../systemd/ranged.sysusers.conf" "$MACHINE/usr/lib/sysusers.d/ranged.conf"
	install -m 755 "$RANGED" "$MACHINE/usr/sbin/ranged"
	mkdir -p "$MACHINE/etc/ranged" "$MACHINE/srv/files"
}

# NAME LINE...: writes /etc/ranged/NAME.conf with these lines, and the root, a small cache and two workers unless the
# lines set them.
configure() {
	local key given lines=("${@:2}")
	printf -v given '\n%s' "${lines[@]}"
	for key in 'root = /srv/files' 'cache_size = 16M' 'workers = 2'; do
		[[ $given == *$'\n'"${key%% *} ="* ]] || lines+=("$key")
	done
	printf '%s\n' "${lines[@]}" >"$MACHINE/etc/ranged/$1.conf"
}

# UNIT LINE...: writes a drop-in for the unit. To be called before boot; after it, a daemon-reload is needed.
drop_in() {
	mkdir -p "$UNITS/$1.d"
	printf '%s\n' "${@:2}" >"$UNITS/$1.d/test.conf"
}

make_machine() {
	mkdir "$DIR/layers" "$MACHINE"
	mount -t tmpfs -o size=512m none "$DIR/layers" || exit
	mkdir "$DIR/layers/up" "$DIR/layers/work"
	mount -t overlay overlay -o "lowerdir=/,upperdir=$DIR/layers/up,workdir=$DIR/layers/work" "$MACHINE" ||
		skip_all "no overlay of the root can be mounted"
	rm -rf "$UNITS/multi-user.target.wants" "$UNITS/sockets.target.wants" "$MACHINE/var/log/journal"
	mkdir -p "$MACHINE/etc/systemd/journald.conf.d"
	printf '[Journal]\nStorage=volatile\nRateLimitBurst=0\n' >"$MACHINE/etc/systemd/journald.conf.d/test.conf"
	printf '[Unit]\nRequires=basic.target\nAfter=basic.target\n' >"$UNITS/test.target"
	mask_units
	install_units
}

# Masks the units of the system that no test needs, and the generators. Each of them takes time during the boot, and the
# generators also at each reload of systemd.
mask_units() {
	local generators
	generators=("$MACHINE"/usr/lib/systemd/system-generators/*)
	mkdir -p "$MACHINE/etc/systemd/system-generators"
	perl -e 'symlink "/dev/null", $_ for @ARGV' "${generators[@]/#*\//$MACHINE/etc/systemd/system-generators/}" "$UNITS"/{timers.target,dbus.socket} \
		"$UNITS"/systemd-{sysctl,sysusers,remount-fs,update-utmp,journal-flush,tmpfiles-setup,tmpfiles-setup-dev}.service \
		"$UNITS"/dev-{hugepages,mqueue}.mount
}

# The machine has its own group in each hierarchy, because two systemd instances in one group would end each other's
# services.
enter_groups() {
	local folder
	for folder in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
		[ -e "$folder/cgroup.procs" ] || continue
		mkdir -p "$folder/$GROUP" && echo "$BASHPID" >"$folder/$GROUP/cgroup.procs" || return
	done 2>/dev/null
}

leave_groups() {
	local folder
	for folder in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
		[ ! -d "$folder/$GROUP" ] || find "$folder/$GROUP" -depth -type d -exec rmdir {} + 2>/dev/null
	done
}

boot() { # CONFIG-LINE...
	make_machine
	configure ranged "$@"
	boot_machine
}

boot_machine() {
	(enter_groups) || skip_all "no control group can be made"
	(
		enter_groups
		exec systemd-nspawn -q -b -D "$MACHINE" --machine="$GROUP" --register=no --keep-unit --private-network \
			--bind="$ROOT:/srv/files" --kill-signal=SIGRTMIN+3 systemd.unit=test.target
	) </dev/null >"$DIR/boot.log" 2>&1 &
	NSPAWN=$!
	await 30 booted || { diag "systemd did not come up" "$(tail -n 20 "$DIR/boot.log")"; exit 1; }
	inside systemd-sysusers || exit
	inside systemctl reset-failed
}

booted() {
	kill -0 "$NSPAWN" || { NSPAWN=; exit 1; }
	LEADER=$(pgrep -P "$NSPAWN" -x systemd) && inside systemctl is-system-running --wait | grep -qE 'running|degraded'
}

inside() { nsenter -t "$LEADER" -a -- "$@"; }

# A condition for await that starts many processes: tests it twice a second.
seldom() { # COMMAND...
	pause 0.4
	"$@"
}

# Applies to ranged.service unless another unit is named.
property() { inside systemctl show -P "$1" "${2:-ranged.service}"; }
journal() { inside journalctl -q --no-pager -o cat -u ranged.service "$@"; }
journal_of_manager() { inside journalctl -q --no-pager -o cat _PID=1; }
is_active() { [ "$(property ActiveState "$@")" = active ]; }
is_failed() { [ "$(property ActiveState "$@")" = failed ]; }

# The process id inside of the machine. Outside it has another one.
main_pid() { property MainPID "$@"; }
host_pid() {
	local inner status
	inner=$(main_pid "$@")
	while read -r status; do
		status=${status%/status}
		[ ! "$status/ns/pid" -ef "/proc/$LEADER/ns/pid" ] || echo "${status#/proc/}"
	done < <(grep -ls "^NSpid:.*[[:space:]]$inner\$" /proc/[0-9]*/status)
}

# PATH [CURL-OPTION...]: like get, from inside of the machine.
get_inside() {
	HEAD=$MACHINE/root/test.head
	BODY=$MACHINE/root/test.body
	: >"$HEAD"
	: >"$BODY"
	# shellcheck disable=SC2034
	STATUS=$(inside curl -sS -g --path-as-is --max-time "$((30 * RANGED_SLOW))" -D /root/test.head -o /root/test.body -w '%{http_code}' "${@:2}" \
		"${URL:-http://127.0.0.1}$1" 2>"$DIR/curl")
	# shellcheck disable=SC2034
	RC=$?
}

# Ends the machine with all of its processes, without an orderly shutdown.
shut_down() {
	[ -n "$NSPAWN" ] || return 0
	[ -z "$LEADER" ] || kill -KILL "$LEADER" 2>/dev/null
	await 20 machine_is_off || kill -KILL "$NSPAWN"
	wait "$NSPAWN" 2>/dev/null
	NSPAWN=
}
machine_is_off() { ! kill -0 "$NSPAWN"; }

# Runs before the processes of the test are ended, because the services are among them.
eval "$(declare -f end_descendants | sed '1s/end_descendants/end_what_is_left/')"
end_descendants() {
	if [ -n "$LEADER" ] && { [ "$FAILED" != 0 ] || [ -z "$FINISHED" ]; }; then
		inside journalctl -q --no-pager -n 40 2>&1 | cut -c 1-300 | sed 's/^/# /'
	fi
	shut_down
	end_what_is_left
}

eval "$(declare -f clean_up_more | sed '1s/clean_up_more/unmount_all/')"
clean_up_more() {
	unmount_all
	leave_groups
}
