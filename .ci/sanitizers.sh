# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# How tests run under the sanitizers, for .ci/suite and .ci/again. Sets `unrandomised`, which is put before a command.

# The memory map of an old TSan is where newer kernels put programs, unless they are told not to.
# shellcheck disable=SC2034 # for the scripts that read this
unrandomised=(env)
# shellcheck disable=SC2034
! setarch -R true 2>/dev/null || unrandomised=(setarch -R)
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1
export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1
