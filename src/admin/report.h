/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes the statistics to the error log. SIGUSR2 requests this report. */
#ifndef ADMIN_REPORT_H
#define ADMIN_REPORT_H

#include "admin/snapshot.h"

/* Logs lines of the form "stats SUBJECT key=value key=value ..." and finally "stats end". Thread-safe. */
void report_log(const struct snapshot *snapshot);

#endif
