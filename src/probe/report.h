/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints the report for people: the verdict, the reasons, and the measured values. */
#ifndef PROBE_REPORT_H
#define PROBE_REPORT_H

#include "probe/style.h"
#include "probe/verdict.h"

/* Prints the report to style->out. */
void probe_report_print(const struct probe_style *style, const struct probe_result *result,
			const struct probe_verdict *verdict);

#endif
