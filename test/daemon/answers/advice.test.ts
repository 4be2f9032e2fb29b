// Advice in reports: the Dockerfiles of builds as they lie there now, whatever lies there.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { adviceOnBuilds } from '../../../daemon/answers/advice.js';
import type { Build } from '../../../src/builds/types.js';

let dir = '';
test.before.each(() => {
  dir = mkdtempSync(join(tmpdir(), 'nm-ad-'));
});
test.after.each(() => rmSync(dir, { recursive: true, force: true }));

const USAGE = { sums: new Map(), remotes: [], tier: 'exact' as const };
const build = (context: string | undefined, dockerfile?: string): Build =>
  ({ ref: `${context}`, startedAt: 1, context, dockerfile, steps: [] }) as unknown as Build;

function project(name: string, text?: string): string {
  mkdirSync(join(dir, name));
  if (text !== undefined) writeFileSync(join(dir, name, 'Dockerfile'), text);
  return join(dir, name);
}

test('each file once, with its path and line', async () => {
  const shop = project('shop', 'FROM a:1\nRUN npm ci\n');
  const advice = await adviceOnBuilds([build(shop), build(shop), build(undefined)], USAGE);
  assert.equal(
    advice.map(({ code, where, savesBytes }) => [code, where, savesBytes]),
    [['cache-mount-missing', `${shop}/Dockerfile:2`, null]],
  );
});

test('what is no Dockerfile (any more) gives no advice, and nothing is waited for', async () => {
  const pipe = project('pipe');
  execFileSync('mkfifo', [join(pipe, 'Dockerfile')]);
  const folder = project('folder');
  mkdirSync(join(folder, 'Dockerfile'));
  const large = project('large', `FROM a:1\nRUN npm ci\n${'#'.repeat(600_000)}`);
  const contexts = [
    pipe,
    folder,
    large,
    project('gone'),
    project('other', 'not a Dockerfile'),
    'https://example.org/x',
  ];
  assert.equal(
    await adviceOnBuilds(
      contexts.map((context) => build(context)),
      USAGE,
    ),
    [],
  );
});

test('dearest first, and no more than a page', async () => {
  const text = `FROM a:1\n${'RUN npm ci\n'.repeat(30)}`;
  const advice = await adviceOnBuilds([build(project('many', text))], USAGE);
  assert.is(advice.length, 12);
});

test.run();
