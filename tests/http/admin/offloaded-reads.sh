#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Reads of the offload threads are counted for their device: number, duration and errors.
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
is "$(device read_bytes)" 5000000 "the bytes are counted"
at_least "$(device reads)" 5 "the reads are counted"
is "$(device latency.count)" "$(device reads)" "the duration of each read is counted"
is "$(device errors)" 0 "no error is counted"
finish
