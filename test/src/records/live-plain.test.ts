import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as v from 'valibot';
import type { Build } from '../../../src/builds/types.js';
import { toldBuild } from '../../../src/protocol/import-schema.js';
import { LivePlain } from '../../../src/records/progress/live-plain.js';
import type { PlainEnd } from '../../../src/records/progress/plain-build.js';

const T0 = 1_800_000_000_000;
const RECORDED = readFileSync(
  fileURLToPath(new URL('../../fixtures/records/docker-20.10.plain.log', import.meta.url)),
);
const BLOB = `sha256:${'b'.repeat(64)}`;

/** Lines with the tenths of a second at which they come. */
function fed(lines: readonly [tenths: number, line: string][]): LivePlain {
  const live = new LivePlain();
  for (const [tenths, line] of lines) live.add(Buffer.from(`${line}\n`), T0 + tenths * 100);
  return live;
}

function built(live: LivePlain, end: PlainEnd = 'running'): Build {
  const build = live.build('ref', end, T0);
  assert.ok(build);
  // What goes over the socket is what the daemon accepts.
  return v.parse(toldBuild, JSON.parse(JSON.stringify(build)));
}

const steps = (build: Build) =>
  build.steps.map(({ number, kind, status, instruction }) => [number, kind, status, instruction]);

const BEGIN: [number, string][] = [
  [0, '#1 [internal] load build definition from Dockerfile'],
  [0, '#1 transferring dockerfile: 97B done'],
  [0, '#1 DONE 0.0s'],
  [1, ''],
  [1, '#4 [1/4] FROM registry/x:1'],
  [1, `#4 sha256:${'a'.repeat(64)}`],
  [1, `#4 resolve registry/x:1@sha256:${'c'.repeat(64)} done`],
  [3, `#4 ${BLOB} 1.05MB / 20.00MB 0.2s`],
];
const REST: [number, string][] = [
  [8, `#4 ${BLOB} 20.00MB / 20.00MB 0.7s done`],
  [9, `#4 extracting ${BLOB}`],
  [11, '#4 DONE 1.0s'],
  [11, ''],
  [11, '#5 [2/4] COPY x /'],
  [11, '#5 DONE 0.0s'],
  [12, '#6 [3/4] RUN one'],
  [13, '#6 CACHED'],
  [14, '#7 [4/4] RUN two'],
  [20, '#7 0.551 out'],
];

test('steps with their states and times while they are printed', () => {
  const live = fed(BEGIN);
  assert.is(live.takeChange(), true);
  assert.is(live.takeChange(), false);
  const early = built(live);
  assert.equal(steps(early).at(-1), [1, 'from', 'running', 'FROM registry/x:1']);
  const [pulled] = early.steps.at(-1)!.blobs;
  assert.equal(pulled!.samples, [
    { at: T0 + 100, current: 0 },
    { at: T0 + 300, current: 1_050_000 },
  ]);
  // Between two steps nothing runs, and the build does.
  assert.is(built(fed([...BEGIN, ...REST.slice(0, 3)])).status, 'running');

  const build = built(fed([...BEGIN, ...REST]));
  assert.equal(steps(build).slice(1), [
    [1, 'from', 'done', 'FROM registry/x:1'],
    [2, 'copy', 'done', 'COPY x /'],
    [3, 'run', 'cached', 'RUN one'],
    [4, 'run', 'running', 'RUN two'],
  ]);
  assert.equal(build.steps[1]!.intervals, [{ startedAt: T0 + 100, completedAt: T0 + 1100 }]);
  assert.equal(build.steps[4]!.intervals[0]!.startedAt, T0 + 1400);
  assert.is(build.steps[1]!.blobs[0]!.samples.at(-1)!.current, 20_000_000);
});

test('a step that fails, one that is stopped, and how the build ended', () => {
  const done = [...BEGIN, ...REST, [24, '#7 DONE 1.0s']] as [number, string][];
  const whole = built(fed(done), 'succeeded');
  assert.equal([whole.status, whole.completedAt], ['completed', T0 + 2400]);
  const failing: [number, string][] = [
    ...BEGIN,
    ...REST,
    [24, '#7 ERROR: executor failed running [/bin/sh -c two]: exit code: 3'],
    [24, '------'],
    [24, ' > [4/4] RUN two:'],
    [24, '#7 0.551 out'],
    [24, '------'],
    [24, 'executor failed running [/bin/sh -c two]: exit code: 3'],
  ];
  const failed = built(fed(failing), 'failed');
  assert.equal([failed.status, failed.steps.at(-1)!.status], ['failed', 'failed']);
  assert.match(failed.error ?? '', 'exit code: 3');
  const stopped = built(fed([...BEGIN, ...REST, [24, '#7 CANCELED']]), 'failed');
  assert.equal([stopped.status, stopped.steps.at(-1)!.status], ['canceled', 'canceled']);
  const killed = built(fed([...BEGIN, ...REST]), 'canceled');
  assert.equal([killed.status, killed.steps.at(-1)!.status], ['canceled', 'canceled']);
});

test('a recorded log of Docker 20.10 reads the same in whatever pieces it comes', () => {
  const whole = new LivePlain();
  whole.add(RECORDED, T0);
  const expected = built(whole, 'succeeded');
  assert.is(expected.steps.filter(({ kind }) => kind === 'run').length, 4);
  assert.ok(expected.steps.every(({ status }) => status === 'done' || status === 'cached'));
  for (const size of [1, 2, 7, 64, 1000]) {
    const live = new LivePlain();
    for (let at = 0; at < RECORDED.length; at += size) live.add(RECORDED.subarray(at, at + size), T0);
    assert.equal(built(live, 'succeeded'), expected);
  }
});

test('cut anywhere, it is a build that runs or none yet', () => {
  for (let end = 0; end <= RECORDED.length; end += 3) {
    const live = new LivePlain();
    live.add(RECORDED.subarray(0, end), T0);
    live.end(T0 + 1000);
    if (live.build('ref', 'running', T0) === undefined) assert.ok(end < 60, String(end));
    else assert.is(built(live).status, 'running');
  }
});

test('output that looks like progress is output', () => {
  const lines = ['#5 DONE 0.1s', '#7 DONE 9.9s', '#9 [9/9] RUN evil', 'a\r#7 CACHED', '#1 [internal] load x'];
  const hostile = lines.map((line, i): [number, string] => [20, `#7 0.${600 + i} ${line}`]);
  const live = fed([...BEGIN, ...REST]);
  const before = built(live);
  live.takeChange();
  for (const [, line] of hostile) live.add(Buffer.from(`${line}\n`), T0 + 2000);
  assert.is(live.takeChange(), false);
  assert.equal(steps(built(live)), steps(before));
});

test('what is no progress, and lines without end, are passed over and not kept', () => {
  const live = fed(BEGIN);
  const before = steps(built(live));
  for (let i = 0; i < 200; i++) live.add(Buffer.alloc(65_536, '#7 0.1 x '), T0 + 500);
  live.add(Buffer.from([0xff, 0xfe, 0x0a, 0x00, 0x0a]), T0 + 500);
  live.add(Buffer.from('netmeter: warning: 80 %\n\u001b[31mred\u001b[0m\n'), T0 + 500);
  const after = steps(built(live));
  assert.equal(after.slice(0, before.length), before);
  assert.ok(after.length <= before.length + 1);
});

test.run();
