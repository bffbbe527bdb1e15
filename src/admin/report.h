/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes the statistics to the error log, on SIGUSR2. */
#ifndef ADMIN_REPORT_H
#define ADMIN_REPORT_H

#include "admin/snapshot.h"

/* Logs lines of the form "stats SUBJECT key=value key=value ..." and finally "stats end". Any thread. */
void report_log(const struct snapshot *snapshot);

#endif
