/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A snapshot as Prometheus reads it (text format 0.0.4), or as OpenMetrics 1.0 has it. Any thread. */
#ifndef ADMIN_METRICS_H
#define ADMIN_METRICS_H

#include <stdbool.h>

#include "admin/admin_call.h"
#include "admin/snapshot.h"
#include "base/text.h"

/* Adds all of it to `text`; text->failed: there was no memory. */
void metrics_write(struct text *text, const struct snapshot *snapshot, bool openmetrics);

/* A label's value, escaped for between its quotes; what is no UTF-8 is U+FFFD. */
void metrics_label(struct text *text, const char *value);

/* The resource. */
void metrics_answer(struct admin_call *call);

#endif
