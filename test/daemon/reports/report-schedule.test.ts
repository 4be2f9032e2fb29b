import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { NewWarning } from '../../../daemon/budget/warning-book.js';
import { ReportSchedule } from '../../../daemon/reports/report-schedule.js';
import type { ReportDocument } from '../../../src/protocol/documents.js';
import type { RequestParams } from '../../../src/protocol/messages.js';
import { renderReport } from '../../../src/report/render/index.js';
import { REPORT } from '../../cli/commands/documents.js';
import { temporaryDir } from '../server/harness.js';

const BERLIN = 'Europe/Berlin';
/** A Thursday, 2026-W48 in Berlin. */
const THURSDAY = Date.UTC(2026, 10, 26, 12);
const NEXT_MONDAY = Date.UTC(2026, 10, 29, 23);

let dir = '';
let now = THURSDAY;
let meta = new Map<string, string>();
let asked: RequestParams['report'][] = [];
let raised: NewWarning[] = [];
let document: ReportDocument = REPORT;

/** As after a start of the daemon: it knows what is stored. */
function schedule(): ReportSchedule {
  return new ReportSchedule({
    store: {
      meta: async (key) => meta.get(key),
      setMeta: async (key, value) => {
        meta.set(key, value);
      },
    },
    directory: `${dir}/reports`,
    now: () => now,
    report: async (params) => {
      asked.push(params);
      return document;
    },
    warnings: { raise: (...warnings) => raised.push(...warnings) },
  });
}

test.before.each(() => {
  dir = temporaryDir();
  now = THURSDAY;
  meta = new Map();
  asked = [];
  raised = [];
  document = REPORT;
});

test.after.each(() => rmSync(dir, { recursive: true, force: true }));

test('the week before is written at once, each later one when it is over, and none twice', async () => {
  const set = await schedule().set({ schedule: 'weekly', format: 'html', timeZone: BERLIN });
  assert.equal(set, {
    schema: 1,
    schedule: 'weekly',
    format: 'html',
    timeZone: BERLIN,
    directory: `${dir}/reports`,
    nextAt: '2026-11-29T23:00:00.000Z',
  });
  assert.equal(asked, [
    { since: Date.UTC(2026, 10, 15, 23), until: Date.UTC(2026, 10, 22, 23), timeZone: BERLIN },
  ]);
  now = NEXT_MONDAY;
  await schedule().check();
  assert.is(asked.length, 1, 'the last instant of Sunday is Sunday');
  now = NEXT_MONDAY + 1;
  await schedule().check();
  await schedule().check();
  assert.equal(readdirSync(`${dir}/reports`), ['netmeter-2026-W47.html', 'netmeter-2026-W48.html']);
  const file = `${dir}/reports/netmeter-2026-W48.html`;
  const text = renderReport(REPORT, 'html', { width: undefined, ascii: false });
  assert.is(readFileSync(file, 'utf8'), text);
  assert.is(statSync(file).mode & 0o777, 0o600);
  assert.equal(
    raised.map(({ key, code }) => [key, code]),
    [
      ['report:2026-W47', 'report-ready'],
      ['report:2026-W48', 'report-ready'],
    ],
  );
  assert.match(raised[1]!.message, 'netmeter report --week 2026-W48');
});

test('a week in which nothing was metered has no report', async () => {
  document = { ...REPORT, days: [] };
  await schedule().set({ schedule: 'weekly', format: 'md', timeZone: 'UTC' });
  assert.is(asked.length, 1);
  assert.equal(raised, []);
  await schedule().check();
  assert.is(asked.length, 1);
});

test('off is off, and show only tells', async () => {
  await schedule().set({ schedule: 'weekly', format: 'json', timeZone: 'UTC' });
  const off = await schedule().set({ schedule: 'off', format: 'html', timeZone: 'UTC' });
  assert.equal([off.schedule, off.format, off.nextAt], [null, null, null]);
  now = NEXT_MONDAY + 86_400_000;
  await schedule().check();
  assert.is(asked.length, 1);
  assert.equal(await schedule().set({ schedule: 'show', format: 'html', timeZone: 'UTC' }), off);
});

test('what cannot be written is told, and nothing half-written stays', async () => {
  mkdirSync(`${dir}/reports`);
  mkdirSync(`${dir}/reports/netmeter-2026-W47.html`);
  writeFileSync(`${dir}/reports/netmeter-2026-W47.html/x`, '');
  await schedule().set({ schedule: 'weekly', format: 'html', timeZone: 'UTC' });
  assert.equal(readdirSync(`${dir}/reports`), ['netmeter-2026-W47.html']);
  assert.is(raised[0]?.code, 'report-not-written');
});

test('an unknown time zone is refused, and nothing is set', async () => {
  const attempt = schedule().set({ schedule: 'weekly', format: 'html', timeZone: 'Mars/Olympus' });
  assert.is(
    await attempt.then(
      () => 'set',
      (error: { code: string }) => error.code,
    ),
    'usage',
  );
  assert.equal([...meta], []);
});

test.run();
