// Advice in reports: the Dockerfiles of builds as they lie there now, whatever lies there.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { adviceOnBuilds } from '../../../daemon/answers/advice.js';
import type { Build } from '../../../src/builds/types.js';
import type { UsageRow } from '../../../src/metering/usage.js';
import { sumByOwner } from '../../../src/report/sums.js';

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

test('the bytes of a build are advice on one file, however many clones of it there are', async () => {
  const text = 'FROM a:1\nRUN npm ci\n';
  const clones = [project('one', text), project('two', text)];
  const contexts = [...clones, ...clones, undefined, '/gone', undefined];
  const builds = contexts.map((context, index) => npmBuild(context, `${index}`));
  const rows = builds.map(({ ref }) => ({
    owner: { kind: 'step' as const, id: `exec:${ref}`, name: '' },
    class: 'wan' as const,
    link: 'l',
    rxBytes: 1000,
    txBytes: 0,
    rxPackets: 1,
    txPackets: 1,
    tier: 'exact' as const,
  }));
  const advice = await adviceOnBuilds(builds, { ...USAGE, sums: sumByOwner(rows as UsageRow[]) });
  // Four builds of the clones, and three that lie nowhere: all but the dearest of each file.
  const saves = advice.map(({ savesBytes }) => savesBytes ?? 0);
  assert.equal(saves, [4000, 1000]);
});

function npmBuild(context: string | undefined, ref: string): Build {
  const step = {
    digest: 'd',
    kind: 'run',
    status: 'done',
    instruction: 'RUN npm ci',
    executorIds: [ref],
    intervals: [{ startedAt: Number(ref), completedAt: 9 }],
    blobs: [],
    cacheMounts: [],
  };
  return { ...build(context), ref, steps: [step] } as unknown as Build;
}

test.run();
