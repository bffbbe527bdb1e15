/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Renders the statistics in the text format of Prometheus (0.0.4) or in OpenMetrics 1.0. All functions are thread-safe.
 */
#ifndef ADMIN_METRICS_H
#define ADMIN_METRICS_H

#include <stdbool.h>

#include "admin/admin_call.h"
#include "admin/snapshot.h"
#include "base/text.h"

/* Appends all families to text. If memory runs out, text->failed is set. */
void metrics_write(struct text *text, const struct snapshot *snapshot, bool openmetrics);

/*
 * Appends the value of a label, with the escapes of a string in double quotes. The value itself is in the style
 * ESCAPE_MESSAGE.
 */
void metrics_label(struct text *text, const char *value);

/* Answers GET /metrics. The Accept field selects the format. */
void metrics_answer(struct admin_call *call);

#endif
