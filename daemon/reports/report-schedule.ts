/**
 * reports: the report of each week, written when the week is over, where the database is. Who asked for it is
 * told by a warning, as of everything that happens without being asked.
 */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { failureOf } from '../../src/errors.js';
import type { ReportDocument, ScheduleDocument } from '../../src/protocol/documents.js';
import { SCHEMA } from '../../src/protocol/documents.js';
import type { RequestParams } from '../../src/protocol/messages.js';
import { type ReportFormat, renderReport } from '../../src/report/render/index.js';
import { iso } from '../../src/report/sums.js';
import { isoWeekOf } from '../../src/time/iso-week.js';
import { LocalDays } from '../../src/time/local-days.js';
import { weekAround } from '../../src/time/week.js';
import type { EpochMs } from '../../src/units.js';
import type { WarningBook } from '../budget/warning-book.js';
import type { Store } from '../store/types.js';

export interface ReportScheduleOptions {
  store: Pick<Store, 'meta' | 'setMeta'>;
  /** Made when the first report is written. */
  directory: string;
  now(): EpochMs;
  report(params: RequestParams['report']): Promise<ReportDocument>;
  warnings: Pick<WarningBook, 'raise'>;
}

interface Schedule {
  format: ReportFormat;
  /** Of whoever asked for it: weeks are theirs. */
  timeZone: string;
  /** The last week that was looked at, written or not. */
  doneWeek: string | undefined;
}

const KEY = 'report-schedule';
const TEXT = { width: 100, ascii: false };

export class ReportSchedule {
  readonly #options: ReportScheduleOptions;

  constructor(options: ReportScheduleOptions) {
    this.#options = options;
  }

  /**
   * Sets it, or only says what it is. The week before is written at once, where anything is known of it.
   * @throws NetmeterError `usage` for an unknown time zone
   */
  async set({ schedule, format, timeZone }: RequestParams['report-schedule']): Promise<ScheduleDocument> {
    const { store, now } = this.#options;
    if (schedule === 'off') await store.setMeta(KEY, '');
    if (schedule === 'weekly') {
      weekAround(now(), timeZone, 0);
      await this.#save({ format, timeZone, doneWeek: undefined });
      await this.check();
    }
    return this.#document();
  }

  /** Writes the report of the week that is over, once. Called every hour, and after the machine slept. */
  async check(): Promise<void> {
    const schedule = await this.#load();
    if (schedule === undefined) return;
    const { format, timeZone, doneWeek } = schedule;
    const { from, to } = weekAround(this.#options.now(), timeZone, 1);
    const week = isoWeekOf(new LocalDays(timeZone).at(to).date);
    if (week === doneWeek) return;
    const document = await this.#options.report({ since: from, until: to, timeZone });
    if (document.days.length > 0) this.#write(week, format, document);
    await this.#save({ ...schedule, doneWeek: week });
  }

  #write(week: string, format: ReportFormat, document: ReportDocument): void {
    const { directory, warnings } = this.#options;
    const file = `${directory}/netmeter-${week}.${format === 'text' ? 'txt' : format}`;
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      writeWhole(file, renderReport(document, format, TEXT));
    } catch (error) {
      warnings.raise({
        key: `report-failed:${week}`,
        code: 'report-not-written',
        message: `the report of week ${week} could not be written: ${failureOf(error).because}`,
      });
      return;
    }
    warnings.raise({
      key: `report:${week}`,
      code: 'report-ready',
      message: `the report of week ${week} is ready: netmeter report --week ${week}, or ${file}`,
    });
  }

  async #document(): Promise<ScheduleDocument> {
    const schedule = await this.#load();
    const { directory, now } = this.#options;
    return {
      schema: SCHEMA,
      schedule: schedule === undefined ? null : 'weekly',
      format: schedule?.format ?? null,
      timeZone: schedule?.timeZone ?? null,
      directory,
      nextAt: schedule === undefined ? null : iso(weekAround(now(), schedule.timeZone, 0).to),
    };
  }

  async #load(): Promise<Schedule | undefined> {
    const text = await this.#options.store.meta(KEY);
    return text === undefined || text === '' ? undefined : (JSON.parse(text) as Schedule);
  }

  #save(schedule: Schedule): Promise<void> {
    return this.#options.store.setMeta(KEY, JSON.stringify(schedule));
  }
}

/** Beside it first, so that nobody finds a half of it. */
function writeWhole(file: string, text: string): void {
  const beside = `${file}.tmp`;
  try {
    writeFileSync(beside, text, { mode: 0o600, flush: true });
    renameSync(beside, file);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}
