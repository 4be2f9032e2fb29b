import type { Calibration } from '../../src/metering/calibrate.js';

/** How one link counts, as found so far. Stored, so that reports of a stopped daemon know it, too. */
export interface LinkCalibrations {
  rx: Calibration;
  tx: Calibration;
}
