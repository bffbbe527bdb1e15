# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Options of the sanitizers for .ci/suite and .ci/again. Sets `unrandomised`, a prefix for commands.

# Newer kernels load programs into the address range of an old TSan, unless address randomisation is disabled.
# shellcheck disable=SC2034 # for the scripts that source this file
unrandomised=(env)
# shellcheck disable=SC2034
! setarch -R true 2>/dev/null || unrandomised=(setarch -R)
export UBSAN_OPTIONS=print_stacktrace=1
# TSan waits at the end of a program for threads that still run: by default a second.
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:atexit_sleep_ms=50
export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1
