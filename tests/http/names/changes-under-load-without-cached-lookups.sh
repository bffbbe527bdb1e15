#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The same as changes-under-load.sh, on a kernel without RESOLVE_CACHED: all lookups run on the offload threads.
OLD_KERNEL=1
# shellcheck source=changes-under-load.sh
. "$(dirname "$0")/changes-under-load.sh"
