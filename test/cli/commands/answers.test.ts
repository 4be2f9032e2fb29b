// Commands against a daemon's socket: what they ask for, and what they print of the answer.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildText } from '../../../cli/commands/build-show.js';
import { buildsText } from '../../../cli/commands/builds.js';
import { statusText } from '../../../cli/commands/status.js';
import type { Handlers } from '../../../daemon/server/answerer.js';
import { NetmeterError } from '../../../src/errors.js';
import { renderReport } from '../../../src/report/render/index.js';
import { type Setup, startServer } from '../../daemon/server/harness.js';
import { commandLine } from './command-line.js';
import { BUILD_SHOW, BUILDS, REPORT, STATUS } from './documents.js';

const asked: unknown[] = [];
const note =
  <Document>(type: string, document: Document) =>
  (params: unknown): Document => {
    asked.push([type, params]);
    return document;
  };
const HANDLERS: Handlers = {
  status: note('status', STATUS),
  builds: note('builds', BUILDS),
  build: note('build', BUILD_SHOW),
  report: note('report', REPORT),
};
let setup: Setup;
let dir = '';

test.before(async () => {
  setup = await startServer({}, HANDLERS);
  dir = mkdtempSync(join(tmpdir(), 'nm-t-'));
});

test.before.each(() => {
  asked.length = 0;
});

test.after(async () => {
  await setup.close();
  rmSync(dir, { recursive: true, force: true });
});

function ask(...argv: string[]) {
  return commandLine(argv, { env: { NETMETER_STATE_DIR: setup.dir } });
}

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 24, 9);

const ASKED: [argv: string[], type: string, params: unknown, document: unknown][] = [
  [['status'], 'status', {}, STATUS],
  [['status', '--since', '2026-11-01T00:00Z'], 'status', { since: Date.UTC(2026, 10, 1) }, STATUS],
  [['builds'], 'builds', { limit: 20 }, BUILDS],
  [['builds', '--limit', '3'], 'builds', { limit: 3 }, BUILDS],
  [['build', 'show', 'k3v9'], 'build', { ref: 'k3v9' }, BUILD_SHOW],
  [['report'], 'report', { since: NOW - 7 * DAY, timeZone: 'UTC' }, REPORT],
  [
    ['report', '--since', '2026-11-01', '--until', '2026-11-08'],
    'report',
    { since: Date.UTC(2026, 10, 1), until: Date.UTC(2026, 10, 8), timeZone: 'UTC' },
    REPORT,
  ],
  [
    ['report', '--week', '--until', '2026-11-08'],
    'report',
    { since: Date.UTC(2026, 10, 2), until: Date.UTC(2026, 10, 8), timeZone: 'UTC' },
    REPORT,
  ],
];

for (const [argv, type, params, document] of ASKED) {
  test(`${argv.join(' ')} --json prints the answer, one document on one line`, async () => {
    const { code, stdout, stderr } = await ask(...argv, '--json');
    assert.is(code, 0, stderr);
    assert.is(stdout, `${JSON.stringify(document)}\n`);
    assert.is(stderr, '');
    assert.equal(asked, [[type, params]]);
  });
}

test('text goes to standard output, in the reader’s time zone, and nothing else does', async () => {
  const texts: [string[], string][] = [
    [['status'], statusText(STATUS, undefined, undefined)],
    [['builds'], buildsText(BUILDS.builds, undefined, undefined)],
    [['build', 'show', 'x'], buildText(BUILD_SHOW, undefined, undefined)],
    [['report'], renderReport(REPORT, 'text', { width: undefined, ascii: false })],
  ];
  for (const [argv, text] of texts) assert.equal(await ask(...argv), { code: 0, stdout: text, stderr: '' });
});

test('a terminal’s width is what tables are fitted to', async () => {
  const { stdout } = await commandLine(['builds'], { columns: 90, env: { NETMETER_STATE_DIR: setup.dir } });
  assert.is(stdout, buildsText(BUILDS.builds, undefined, 90));
});

test('report: in JSON by either option, and into a file whole', async () => {
  const { stdout } = await ask('report', '--format', 'json');
  assert.equal(JSON.parse(stdout), REPORT);
  const file = join(dir, 'report.txt');
  assert.equal(await ask('report', '-o', file), { code: 0, stdout: '', stderr: '' });
  assert.is(readFileSync(file, 'utf8'), renderReport(REPORT, 'text', { width: undefined, ascii: false }));
  assert.equal(readdirSync(dir), ['report.txt']);
});

test('report: a file that cannot be written is named', async () => {
  const file = join(dir, 'missing', 'report.txt');
  const { code, stdout, stderr } = await ask('report', '-o', file);
  assert.is(code, 1);
  assert.is(stdout, '');
  assert.match(stderr, `could not be written to ${file}`);
  assert.match(stderr, '(output-unwritable)');
});

const FAILURES: [error: NetmeterError, exit: number][] = [
  [new NetmeterError('not-found', 'there is no build "x"', { hint: 'netmeter builds lists them.' }), 1],
  [new NetmeterError('ambiguous', 'two builds begin with "x"'), 2],
  [new NetmeterError('permission-denied', 'not yours'), 4],
  [new NetmeterError('database-damaged', 'the database is damaged'), 5],
];

test('errors of the daemon arrive as they are, with their exit codes', async () => {
  for (const [error, exit] of FAILURES) {
    const failing = await startServer({}, { build: () => Promise.reject(error) });
    try {
      const env = { NETMETER_STATE_DIR: failing.dir };
      const { code, message, hint = null } = error;
      const json = await commandLine(['build', 'show', 'x', '--json'], { env });
      assert.is(json.code, exit);
      assert.equal(JSON.parse(json.stdout), { schema: 1, error: { code, message, hint } });
      const text = await commandLine(['build', 'show', 'x'], { env });
      assert.equal(text, {
        code: exit,
        stdout: '',
        stderr: `netmeter: ${message} (${code})\n${hint === null ? '' : `${hint}\n`}`,
      });
    } finally {
      await failing.close();
    }
  }
});

test('a hostile message of a daemon does not reach the terminal', async () => {
  const error = new NetmeterError('not-found', 'no\u001b[2J build', { hint: 'try\u0007\nthis\u202e' });
  const failing = await startServer({}, { build: () => Promise.reject(error) });
  try {
    const { stderr } = await commandLine(['build', 'show', 'x'], {
      env: { NETMETER_STATE_DIR: failing.dir },
    });
    assert.is(stderr, 'netmeter: no\\e[2J build (not-found)\ntry\\u0007\nthis\\u202e\n');
  } finally {
    await failing.close();
  }
});

test('nobody there: exit code 3, what to type, and for status a document all the same', async () => {
  const env = { NETMETER_STATE_DIR: join(dir, 'nothing') };
  for (const argv of [
    ['status'],
    ['builds'],
    ['build', 'show', 'x'],
    ['report'],
    ['top'],
    ['stop'],
    ['run', 'true'],
  ]) {
    const { code, stderr } = await commandLine(argv, { env });
    assert.is(code, 3, argv.join(' '));
    assert.match(stderr, 'netmeter is not running');
    assert.match(stderr, 'sudo netmeter start');
  }
  const { code, stdout } = await commandLine(['status', '--json'], { env });
  assert.is(code, 3);
  const { running, pid, owners, error } = JSON.parse(stdout);
  assert.equal(
    { running, pid, owners, code: error.code },
    {
      running: false,
      pid: null,
      owners: [],
      code: 'daemon-not-running',
    },
  );
});

test.run();
