// What people read: each command's text, from documents, as it was looked at once and kept.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildText } from '../../../cli/commands/build-show.js';
import { buildsText } from '../../../cli/commands/builds.js';
import { doctorText } from '../../../cli/commands/doctor.js';
import { runText } from '../../../cli/commands/run.js';
import { readinessText } from '../../../cli/commands/start.js';
import { statusText } from '../../../cli/commands/status.js';
import { eventLines } from '../../../cli/view/event-lines.js';
import { renderReport } from '../../../src/report/render/index.js';
import { cellWidth } from '../../../src/text/width.js';
import {
  BUILD_SHOW,
  BUILDS,
  DOCTOR,
  EMPTY_REPORT,
  EVENTS,
  READINESS,
  REPORT,
  RUN,
  STATUS,
} from './documents.js';
import { assertGolden } from './golden.js';

const ZONE = 'UTC';
/** A newline ends a line, and nothing else in the output moves a cursor. */
const RAW = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;

type Shown = (width: number | undefined) => string;

const TEXTS: Record<string, Shown> = {
  status: (width) => statusText(STATUS, ZONE, width),
  'status-nothing-yet': (width) =>
    statusText({ ...STATUS, links: [], owners: [], lost: {}, warnings: [], sources: [] }, ZONE, width),
  builds: (width) => buildsText(BUILDS.builds, ZONE, width),
  'builds-none': (width) => buildsText([], ZONE, width),
  'build-show': (width) => buildText(BUILD_SHOW, ZONE, width),
  report: (width) => renderReport(REPORT, 'text', { width, ascii: false }),
  'report-empty': (width) => renderReport(EMPTY_REPORT, 'text', { width, ascii: false }),
  doctor: () => doctorText(DOCTOR),
  'doctor-all-well': () => doctorText({ ...DOCTOR, ok: true, checks: DOCTOR.checks.slice(0, 1) }),
  run: () => runText(RUN),
  'run-without-build': () => runText({ ...RUN, build: null, command: ['evil\u001b[2J'] }),
  start: () => readinessText(4711, '0.1.0', READINESS),
  top: () => `${EVENTS.flatMap((event) => eventLines(event, ZONE)).join('\n')}\n`,
};

for (const [name, shown] of Object.entries(TEXTS)) {
  test(`${name}: as it was looked at`, () => assertGolden(name, shown(undefined)));

  test(`${name}: hostile names do not reach the terminal`, () => assert.not.match(shown(undefined), RAW));
}

for (const name of ['status', 'builds', 'build-show', 'report']) {
  test(`${name}: 80 columns, as it was looked at`, () => assertGolden(`${name}-80`, TEXTS[name]!(80)));

  test(`${name}: tables fit wherever their figures do`, () => {
    for (const width of [160, 120, 100]) {
      const lines = tableLines(TEXTS[name]!(width));
      assert.ok(lines.length > 1);
      for (const line of lines)
        assert.ok(cellWidth(line) <= width, `${cellWidth(line)} of ${width}: ${line}`);
    }
  });

  test(`${name}: a narrow terminal cuts names and no figures`, () => {
    const wide = tableLines(TEXTS[name]!(undefined));
    const narrow = tableLines(TEXTS[name]!(20));
    assert.is(narrow.length, wide.length);
    for (const [i, line] of narrow.entries()) {
      const figures = /\s([\d.]+ [kMG]?B|unknown)\s/.exec(`${wide[i]} `)?.[1];
      if (figures !== undefined) assert.ok(line.includes(figures), line);
    }
  });
}

/** From a table's head to the empty line behind it. */
function tableLines(text: string): string[] {
  const found: string[] = [];
  let inside = false;
  for (const line of text.split('\n')) {
    if (/^[A-Z]{3,}( [A-Z]+)* {2,}/.test(line)) inside = true;
    else if (line === '' || /^\w+:/.test(line)) inside = false;
    if (inside) found.push(line);
  }
  return found;
}

test('events: figures add up for other programs, as plain integers', () => {
  const line = eventLines(EVENTS[1]!, ZONE)[1];
  assert.match(line!, 'wan-in=2000000 wan-out=900');
  assert.match(eventLines(EVENTS[3]!, ZONE)[0]!, 'wan-in=unknown wan-out=unknown');
});

test.run();
