// `netmeter export`: what other tools read, in the forms that they read.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { exportCsv } from '../../../src/export/csv.js';
import { exportPrometheus } from '../../../src/export/prometheus.js';
import type { ExportDocument } from '../../../src/protocol/documents.js';
import { type Setup, startServer } from '../../daemon/server/harness.js';
import { commandLine } from './command-line.js';
import { BUILD_SHOW, BUILDS, REPORT, STATUS } from './documents.js';
import { assertGolden } from './golden.js';

const period = { since: '2026-11-01T00:00:00.000Z', until: '2026-12-01T00:00:00.000Z' };
const report = { ...REPORT, ...period };
const asked: [string, unknown][] = [];
let setup: Setup;

test.before(async () => {
  const answer =
    <T>(type: string, document: T) =>
    (params: unknown) => {
      asked.push([type, params]);
      return document;
    };
  setup = await startServer(
    {},
    {
      status: answer('status', STATUS),
      builds: answer('builds', BUILDS),
      build: answer('build', BUILD_SHOW),
      report: answer('report', report),
    },
  );
});
test.before.each(() => {
  asked.length = 0;
});
test.after(() => setup.close());

const run = (...argv: string[]) =>
  commandLine(['export', ...argv], { env: { NETMETER_STATE_DIR: setup.dir } });
const DOCUMENT: ExportDocument = {
  schema: 1,
  ...period,
  status: STATUS,
  report,
  builds: [{ build: BUILD_SHOW.build, steps: BUILD_SHOW.steps }],
};

test('one JSON document, with the steps of each build that began in the period', async () => {
  const { code, stdout, stderr } = await run('--json');
  assert.is(code, 0, stderr);
  const document = JSON.parse(stdout) as ExportDocument;
  assert.is(document.schema, 1);
  assert.equal(document.status, STATUS);
  assert.equal(document.report, report);
  const began = BUILDS.builds.filter(({ startedAt }) => startedAt !== null && startedAt >= period.since);
  assert.ok(began.length > 0);
  assert.equal(
    asked.filter(([type]) => type === 'build').map(([, params]) => params),
    began.map(({ ref }) => ({ ref })),
  );
  assert.equal(document.builds.length, began.length);
  assert.is((await run()).stdout, stdout);
});

test('a period that is over has no links and owners of now', async () => {
  const { stdout } = await run('--since', '2026-11-01', '--until', '2026-11-08');
  assert.is(JSON.parse(stdout).status, null);
  assert.not.ok(asked.some(([type]) => type === 'status'));
});

test('CSV, as it was looked at', () => assertGolden('export.csv', exportCsv(DOCUMENT)));

test('CSV has one line a record and as many cells in each, whatever names say', () => {
  const [owner] = STATUS.owners;
  const names = ['=1+1', 'a,b', 'say "x"', 'two\nlines', '\u001b[2J'];
  const owners = names.map((name) => ({ ...owner, name }) as (typeof STATUS.owners)[number]);
  const text = exportCsv({ ...DOCUMENT, builds: [], status: { ...STATUS, links: [], owners } });
  const lines = text.trimEnd().split('\r\n');
  assert.equal(
    lines.slice(1).map((line) => /^owner,[^,]*,("(?:[^"]|"")*"|[^,]*),/.exec(line)?.[1]),
    ["'=1+1", '"a,b"', '"say ""x"""', 'two\\nlines', '\\e[2J'],
  );
});

test("Prometheus' text, as it was looked at", async () => {
  const { stdout } = await run('--format', 'prometheus');
  assertGolden('export.prom', stdout);
  assert.equal(asked.find(([type]) => type === 'status')?.[1], {}, 'counters since the start');
});

test("Prometheus' text has every series once, steps as one, and names escaped", () => {
  const [first] = STATUS.owners;
  const owner = (kind: 'step' | 'container', name: string) =>
    ({ ...first, kind, name, wan: { rxBytes: 5, txBytes: 1 } }) as (typeof STATUS.owners)[number];
  const owners = [owner('step', 'a'), owner('step', 'b'), owner('container', 'a"\\\n')];
  const text = exportPrometheus({ ...DOCUMENT, status: { ...STATUS, owners } });
  const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  assert.is(new Set(series.map((line) => line.replace(/ \S+$/, ''))).size, series.length);
  for (const line of series)
    assert.match(line, /^netmeter_[a-z_]+(\{(\w+="([^"\\\n]|\\["\\n])*",?)+\})? -?[\d.]+$/);
  assert.match(text, 'netmeter_owner_bytes_total{kind="step",name="",class="wan",direction="receive"} 10\n');
  assert.match(text, 'name="a\\"\\\\\\\\n",class="wan",direction="transmit"} 1\n');
});

test('into a file, in the form that its name says', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'nm-ex-'));
  try {
    const file = join(dir, 'netmeter.prom');
    assert.equal(await run('-o', file), { code: 0, stdout: '', stderr: '' });
    assert.match(readFileSync(file, 'utf8'), /^# HELP netmeter_info /);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test('wrong forms and empty periods are refused', async () => {
  assert.match((await run('--format', 'xml')).stderr, /--format: "xml" is no format of an export/);
  const { code } = await run('--since', '2026-11-08', '--until', '2026-11-01');
  assert.is(code, 2);
});

test.run();
