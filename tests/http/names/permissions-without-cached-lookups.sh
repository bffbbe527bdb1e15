#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The same as permissions.sh, on a kernel without RESOLVE_CACHED: all lookups run on the offload threads.
OLD_KERNEL=1
# shellcheck source=permissions.sh
. "$(dirname "$0")/permissions.sh"
