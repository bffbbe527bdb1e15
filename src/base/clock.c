/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rule for young files, which validators (http/validator.c) and the caches of the store share. The function is pure
 * and thread-safe.
 *
 * The main idea: a kernel without multigrain timestamps sets mtime to the time of its last tick. A file that is written
 * twice within one tick keeps its mtime, so neither an ETag nor a cached extent may rely on the mtime of a young file.
 */
#include "base/clock.h"

#define YOUNG_FINE_NS (20 * (int64_t)CLOCK_NS_PER_MS) /* two ticks of the kernel's clock, at CONFIG_HZ=100 */
#define YOUNG_COARSE_NS (2 * (int64_t)CLOCK_NS_PER_S) /* the coarsest resolution: vfat */

bool clock_is_young(int64_t time_ns, int64_t now_ns)
{
	const bool whole_second = time_ns % (int64_t)CLOCK_NS_PER_S == 0;

	return time_ns > now_ns - (whole_second ? YOUNG_COARSE_NS : YOUNG_FINE_NS);
}
