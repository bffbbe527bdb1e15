/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `ranged-ctl status`: all that counts, for people, in lines. Pure. */
#ifndef CTL_SUMMARY_H
#define CTL_SUMMARY_H

#include <jansson.h>

#include "ctl/canvas.h"

#define CTL_SUMMARY_ROWS 200   /* a canvas of so many holds it */
#define CTL_SUMMARY_WIDTH 1024 /* and of this width all names */

/* Lines are broken at so many columns, but not within a name that is longer. */
void ctl_summary_draw(struct ctl_canvas *canvas, unsigned columns, const json_t *status);

#endif
