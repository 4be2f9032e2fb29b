import type { Build } from '../../src/builds/types.js';
import { NetmeterError } from '../../src/errors.js';
import type { Milliseconds } from '../../src/units.js';
import { PruneWarner, type PruneWarnerOptions } from '../caches/prune-warner.js';
import type { Log } from '../lifecycle/log.js';
import type { Part } from '../lifecycle/supervisor.js';
import type { ReportSchedule } from '../reports/report-schedule.js';
import type { Store } from '../store/types.js';
import type { Clock } from './clock.js';
import type { LinkCalibrations } from './link-calibrations.js';
import { saveCalibrations } from './link-knowledge.js';

const EVERY: Milliseconds = 3_600_000;

export interface MaintenanceOptions extends Omit<PruneWarnerOptions, 'onProblem'> {
  store: Store;
  calibrations: ReadonlyMap<string, LinkCalibrations>;
  reports: ReportSchedule;
  clock: Clock;
  log: Log;
}

/** What has to be done once an hour: rollups and retention, the report of a week that is over, looking at caches. */
export class Maintenance implements Part {
  readonly name = 'maintenance';
  readonly #options: MaintenanceOptions;
  readonly #pruneWarner: PruneWarner;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: MaintenanceOptions) {
    this.#options = options;
    const onProblem = (error: unknown): void => {
      // Without an engine there is nothing to warn of, and its source says so.
      if (!(error instanceof NetmeterError)) options.log.error('caches could not be looked at', error);
    };
    this.#pruneWarner = new PruneWarner({ ...options, onProblem });
  }

  start(): void {
    this.#report();
    this.#timer = setInterval(() => this.#maintain(), EVERY);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#pruneWarner.stop();
  }

  built(build: Build): void {
    this.#pruneWarner.built(build);
  }

  #maintain(): void {
    const { store, calibrations, clock } = this.#options;
    void this.#pruneWarner.look();
    this.#report();
    this.#orLog('maintenance failed', store.maintain(clock.now()));
    this.#orLog('calibrations could not be stored', saveCalibrations(store, calibrations));
  }

  #report(): void {
    this.#orLog('the report of the week was not made', this.#options.reports.check());
  }

  #orLog(message: string, work: Promise<void>): void {
    work.catch((error: unknown) => this.#options.log.error(message, error));
  }
}
