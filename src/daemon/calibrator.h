/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How much may be in flight on a device, found by a short calibration: at start on the root's device, with a file found
 * below the root; on any other when the first file of it is opened that is large enough. Where the operator has set it,
 * nothing is done.
 */
#ifndef DAEMON_CALIBRATOR_H
#define DAEMON_CALIBRATOR_H

#include "engine/devices.h"
#include "engine/offload.h"
#include "store/file.h"

struct calibrator {
	struct devices *devices;
	struct offload *offload;
	int root_fd;
};

/*
 * Calibrates the root's device; waits for that for a second at most, then it goes on by itself. Main thread, before the
 * workers start. The calibrator lives as long as the offload threads.
 */
void calibrator_start(struct calibrator *calibrator);

/* A file was opened. If it is the first large one of its device, an offload thread calibrates it. Any thread. */
void calibrator_file_opened(struct calibrator *calibrator, struct file *file);

#endif
