// The sum that the test command prints: whatever goes wrong in a test file counts as failed.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const HEAD = "import { test } from 'uvu';\n";

const test = suite('scripts/lib/uvu.sh');

/** What a folder with these test files counts as: "passed failed skipped", and the output before it. */
async function count(files: Record<string, string>, seconds = 60) {
  const folder = mkdtempSync(join(tmpdir(), 'netmeter-uvu-'));
  try {
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const script = 'source scripts/lib/uvu.sh; run_folder "$1"; echo "$passed $failed $skipped"';
    const env = {
      ...process.env,
      NETMETER_TEST_SECONDS: String(seconds),
      NO_COLOR: '1',
      FORCE_COLOR: undefined,
    };
    const { stdout } = await promisify(execFile)('bash', ['-c', script, 'bash', folder], { cwd: ROOT, env });
    const lines = stdout.trimEnd().split('\n');
    return { sum: lines.pop(), output: lines.join('\n') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('adds up passed, failed and skipped tests of several files', async () => {
  const { sum } = await count({
    'a.test.ts': `${HEAD}test('a', () => {});\ntest('b', () => { throw new Error('no'); });\ntest.run();`,
    'b.test.ts': `${HEAD}test('c', () => {});\ntest.skip('d', () => {});\ntest.run();`,
    'helper.ts': `throw new Error('not a test file');`,
  });
  assert.is(sum, '2 1 1');
});

test('counts a file that cannot be loaded as failed', async () => {
  const { sum, output } = await count({ 'a.test.ts': `import './nowhere.js';\ntest.run();` });
  assert.is(sum, '0 1 0');
  assert.match(output, /ended before its tests did \(exit 1\)/);
});

test('counts a file that never calls run() as failed', async () => {
  const { sum, output } = await count({
    'a.test.ts': `${HEAD}test('a', () => {});\ntest.run();`,
    'b.test.ts': `${HEAD}test('b', () => {});`,
  });
  assert.is(sum, '1 1 0');
  assert.match(output, /b\.test\.ts never calls run\(\)/);
});

test('counts a process that ends in the middle as failed', async () => {
  const { sum, output } = await count({
    'a.test.ts': `${HEAD}test('a', () => {});\ntest('b', () => process.exit(0));\ntest.run();`,
  });
  assert.is(sum, '0 1 0');
  assert.match(output, /ended before its tests did/);
});

test('counts a `before` hook that throws as failed, though uvu exits 0', async () => {
  const text = `${HEAD}test.before(() => { throw new Error('no'); });\ntest('a', () => {});\ntest.run();`;
  assert.is((await count({ 'a.test.ts': text })).sum, '0 1 0');
});

test('counts an error after the last test as failed', async () => {
  const text = `${HEAD}test('a', () => { setTimeout(() => { throw new Error('late'); }, 500); });\ntest.run();`;
  const { sum, output } = await count({ 'a.test.ts': text });
  assert.is(sum, '1 1 0');
  assert.match(output, /though every test passed/);
});

test('counts a run that does not end as failed, and ends it', async () => {
  const text = `${HEAD}test('a', () => { setInterval(() => {}, 1000); });\ntest.run();`;
  const { sum, output } = await count({ 'a.test.ts': text }, 5);
  assert.is(sum, '1 1 0');
  assert.match(output, /not done after 5 seconds/);
});

/** What the sum prints for these counts, and its exit code. */
async function sumOf(passed: number, failed: number, skipped: number) {
  const counts = `passed=${passed} failed=${failed} skipped=${skipped}`;
  const script = `source scripts/lib/uvu.sh; ${counts}; print_sum; echo "exit $?"`;
  return (await promisify(execFile)('bash', ['-c', script], { cwd: ROOT })).stdout;
}

test('the sum fails where a test failed, and where none ran', async () => {
  assert.is(await sumOf(12, 0, 0), '12 passed, 0 failed\nexit 0\n');
  assert.is(await sumOf(12, 0, 3), '12 passed, 0 failed, 3 skipped\nexit 0\n');
  assert.is(await sumOf(12, 1, 0), '12 passed, 1 failed\nexit 1\n');
  assert.is(await sumOf(0, 0, 0), 'FAILED: no test ran\n0 passed, 1 failed\nexit 1\n');
});

test('the test command that cannot begin ends with its sum and fails', async () => {
  // In a user namespace without a mapping, nobody is root.
  const failure = await promisify(execFile)('unshare', ['-U', 'scripts/test'], { cwd: ROOT }).then(
    () => assert.unreachable('it needs root'),
    (error) => error,
  );
  assert.is(failure.code, 1);
  assert.is(failure.stdout.trimEnd().split('\n').pop(), '0 passed, 1 failed');
});

test.run();
