/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The report for people: the verdict first, then why, then the figures. */
#ifndef DAEMON_PROBE_REPORT_H
#define DAEMON_PROBE_REPORT_H

#include "daemon/probe_style.h"
#include "daemon/probe_verdict.h"

void probe_report_print(const struct probe_style *style, const struct probe_result *result, const struct probe_verdict *verdict);

#endif
