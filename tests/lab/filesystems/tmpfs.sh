#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# tmpfs, which has no disk: every range of every file is correct.
. "$(dirname "$0")/../lib.sh"

mount -t tmpfs -o size=64m none "$ROOT" || exit
chmod 755 "$ROOT"
make_assortment
start_ranged

check_assortment tmpfs
finish
