#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Reads by offload threads are counted with their device as others are: how many, how long they took, and what failed.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../admin.sh"

{ [ -w /dev/shm ] && [ "$(stat -f -c %T /dev/shm)" = tmpfs ]; } || skip_all "needs a tmpfs at /dev/shm"
SHM=$(mktemp -d /dev/shm/ranged.XXXXXX) || exit 1
clean_up_more() { rm -rf "$SHM"; }
chmod 755 "$SHM"
ROOT=$SHM
make_file large.bin 5000000
start_with_admin
get /large.bin
cmp_whole large.bin
take_numbers
device() { status_value "devices.0.$1"; }
is "$(device read_bytes)" 5000000 "bytes that were read"
at_least "$(device reads)" 5 "reads"
is "$(device latency.count)" "$(device reads)" "each took its time"
is "$(device errors)" 0 "none failed"
finish
