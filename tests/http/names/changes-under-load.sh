#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# 5,000 files are requested over 64 connections while some of them are replaced, rewritten, deleted, made unreadable, or
# replaced together with their directory. Each response is of one version, which was current at most 2 s before the
# request. A name that appears is found at most 1 s later.
. "$(dirname "$0")/../lib.sh"
. "$LIB/names.sh"

make_names 5000 600 40
CACHE=32M
where=inline
[ -z "${OLD_KERNEL:-}" ] || { disable_cached_lookups; where=offloaded; }
start_ranged --workers 4
check_changes 6 $where
finish
