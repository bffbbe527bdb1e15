/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs a short calibration of a device, to find how many reads and bytes may be in flight on the device. The device of
 * the first root is calibrated at the start, with a file below the root. Other devices are calibrated when the first
 * large file on them is opened. If disk_depth is set, no device is calibrated.
 */
#ifndef DAEMON_CALIBRATOR_H
#define DAEMON_CALIBRATOR_H

#include "engine/devices.h"
#include "engine/offload.h"
#include "store/descriptors.h"
#include "store/file.h"

struct calibrator {
	struct devices *devices;
	struct offload *offload;
	struct descriptors *descriptors;
	int root_fd; /* closed after the search for a file; -1 if closed or not needed */
};

/*
 * Calibrates the device of the root on an offload thread. Waits for at most one second. A longer calibration continues
 * in the background. The calibrator must live as long as the offload threads. Called on the main thread before the
 * workers start.
 */
void calibrator_start(struct calibrator *calibrator);

/*
 * Calibrates the device of an opened file on an offload thread, if the file is the first large file of that device.
 * Thread-safe.
 */
void calibrator_file_opened(struct calibrator *calibrator, struct file *file, struct descriptor *descriptor);

#endif
