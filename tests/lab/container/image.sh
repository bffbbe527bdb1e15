#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The image of Containerfile serves as process 1, without root, capabilities, writable files or an entry in /etc/passwd,
# under the seccomp profile of podman and a memory limit. It reloads, and ends within a second.
. "$(dirname "$0")/../lib.sh"
# shellcheck source=../container.sh
. "$(dirname "$0")/../container.sh"

make_file a.bin 3000001
make_image
VARIABLES=(RANGED_LOG_LEVEL=debug)
start_container
status_of() { sed -n "s/^$1:[[:space:]]*//p" "/proc/$HOST_PID/status"; }
is "$(status_of NSpid | awk '{ print $NF }')" 1 "ranged is process 1"
is "$(status_of Uid | cut -f 1)" 10001 "the user is not root"
is "$(status_of CapBnd) $(status_of CapEff)" "0000000000000000 0000000000000000" "the process has no capability"
is "$(status_of NoNewPrivs) $(status_of Seccomp)" "1 2" "the process cannot get privileges, and has a seccomp filter"
is "$(awk '$5 == "/" { print substr($6, 1, 2) }' "/proc/$HOST_PID/mountinfo")" ro "the root is read-only"
not_ok "the image has no /etc/passwd and no /tmp" ls "$IMAGE/etc/passwd" "$IMAGE/tmp"

get_contained /a.bin
is "$STATUS" 200 "a file is served"
cmp_whole a.bin
get_contained /a.bin -r 1000001-2000000
cmp_range a.bin 1000001 2000000 "a range is served"
get_contained /healthz
is "$STATUS" 200 "the health check is served"
like "$(cat "$DIR/stdout")" '^\{.*"/a\.bin"' "the access log is written to the standard output as JSON"
like "$(cat "$DIR/stderr.container")" ' serves /srv/files' "messages are written to the standard error output"
limit() {
	cat "/sys/fs/cgroup/memory/$(sed -n 's/.*:memory://p' "/proc/$HOST_PID/cgroup")/memory.limit_in_bytes" 2>/dev/null ||
		cat "/sys/fs/cgroup/$(sed -n 's/^0:://p' "/proc/$HOST_PID/cgroup")/memory.max"
}
is "$(limit)" "$MEMORY" "the container has a memory limit"
like "$(cat "$DIR/stderr.container")" "cache_size = $((MEMORY * 6 / 10 / 1048576))M" "the cache has 60 % of the limit"

kill -HUP "$HOST_PID"
ok "SIGHUP reloads" await 10 grep -q 'configuration reloaded' "$DIR/stderr.container"
get_contained /a.bin
cmp_whole a.bin "files are served after the reload"
stop_container
is "$STATUS" 0 "SIGTERM ends the container with status 0"
at_most "$MS" 1000 "it ends within a second"
like "$(cat "$DIR/stderr.container")" 'stopped$' "the end is logged"
finish
