/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints the report as one JSON object. ranged-probe(8) describes the keys. */
#ifndef PROBE_JSON_H
#define PROBE_JSON_H

#include <stdio.h>

#include "probe/verdict.h"

/* Prints the report. Returns 0, -EIO if writing fails, or -ENOMEM. */
int probe_json_print(FILE *out, const struct probe_result *result, const struct probe_verdict *verdict);

#endif
