/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The measured cells as a bar chart and two tables, within 80 columns. */
#ifndef PROBE_TABLE_H
#define PROBE_TABLE_H

#include "probe/measure.h"
#include "probe/style.h"

/* Prints them to style->out. */
void probe_table_print(const struct probe_style *style, const struct probe_result *result);

#endif
