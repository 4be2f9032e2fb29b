// Pipes that close, terminals, and what must not be written to either.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { BuildsDocument } from '../../../src/protocol/documents.js';
import { type Setup, startServer } from '../../daemon/server/harness.js';
import { BUILD_SHOW, BUILDS, REPORT, STATUS } from '../commands/documents.js';
import { runCommand, startProgram, words } from './command.js';

/** More than a pipe takes at once. */
const MANY: BuildsDocument = { schema: 1, builds: Array.from({ length: 5000 }, () => BUILDS.builds[1]!) };
const ESCAPE = /\u001b/;
let setup: Setup;
let env: Record<string, string> = {};

test.before(async () => {
  const answers = { builds: () => MANY, status: () => STATUS, build: () => BUILD_SHOW, report: () => REPORT };
  setup = await startServer({}, answers);
  env = { NETMETER_STATE_DIR: setup.dir };
});

test.after(() => setup.close());

/** A shell's command line, in which "$@" is netmeter with its arguments. */
function shell(script: string, argv: readonly string[], more: Record<string, string> = {}) {
  const running = startProgram(['bash', '-c', script, 'bash', ...words(argv)], { ...env, ...more });
  running.child.stdin.end();
  return running.ended;
}

test('a reader that has seen enough is no error', async () => {
  for (const argv of [['builds'], ['builds', '--json']]) {
    const { code, stdout, stderr } = await shell('set -o pipefail; "$@" | head -c 20', argv);
    assert.is(code, 0, stderr);
    assert.is(stdout.length, 20);
    assert.is(stderr, '');
  }
});

test('all of it arrives at a reader that takes its time', async () => {
  const { code, stdout } = await shell('"$@" | (sleep 0.5; cat)', ['builds', '--json']);
  assert.is(code, 0);
  assert.is(JSON.parse(stdout).builds.length, MANY.builds.length);
});

test('an output that cannot be written is said', async () => {
  const { code, stderr } = await shell('"$@" > /dev/full', ['builds']);
  assert.is(code, 1);
  assert.match(stderr, /^netmeter: the output could not be written: .*ENOSPC.* \(output-unwritable\)\n$/);
});

test('pipes and NO_COLOR never get escape codes, whatever asks for colours', async () => {
  for (const command of ['status', 'builds', 'build show x', 'report']) {
    const argv = command.split(' ');
    const piped = await runCommand(argv, { ...env, FORCE_COLOR: '1' });
    assert.is(piped.code, 0, piped.stderr);
    assert.not.match(piped.stdout, ESCAPE);
    const seen = await shell('script -qec "$(printf "%q " "$@")" /dev/null', argv, { NO_COLOR: '1' });
    assert.is(seen.code, 0, seen.stdout);
    assert.not.match(seen.stdout, ESCAPE);
  }
});

test('tables fit the terminal that they are printed on', async () => {
  const script = 'script -qec "stty cols 84; $(printf "%q " "$@")" /dev/null';
  const { stdout } = await shell(script, ['build', 'show', 'x']);
  const head = stdout.split('\r\n').find((line) => line.startsWith('STEP'));
  // The step's column gives way down to twelve cells.
  assert.match(head!, /^STEP {10}STATUS/);
});

test.run();
