/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Checks at the start whether a sandbox or an old kernel refuses a system call that ranged needs. Without the check,
 * the first symptom of a refused openat2(2) would be a response with 403 for every path.
 */
#ifndef DAEMON_SYSCALLS_H
#define DAEMON_SYSCALLS_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Tries each call without a side effect. Returns true if no call is refused. Otherwise writes one line to `faults`,
 * which names the refused calls and tells the operator how to allow them.
 */
bool syscalls_check(FILE *faults);

#endif
