/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `ranged-ctl status`: all that counts, for people, in lines of a width. Pure. */
#ifndef CTL_CTL_SUMMARY_H
#define CTL_CTL_SUMMARY_H

#include <jansson.h>

#include "ctl/ctl_canvas.h"

#define CTL_SUMMARY_ROWS 200 /* a canvas of so many holds it */

void ctl_summary_draw(struct ctl_canvas *canvas, const json_t *status);

#endif
