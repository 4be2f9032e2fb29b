import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readDockerBuild } from '../../../src/records/archive/dockerbuild.js';
import { buildRecordsDocument } from '../../../src/records/document.js';
import { readPlain } from '../../../src/records/progress/plain.js';
import { readRawJson } from '../../../src/records/progress/rawjson.js';
import type { BuildRecords } from '../../../src/records/types.js';

const FIXTURES = fileURLToPath(new URL('../../fixtures/records/', import.meta.url));

function fixture(name: string): Buffer {
  return readFileSync(`${FIXTURES}${name}`);
}

/** What the registry holds of the image, by its own account. */
function pushed(name: string): { layers: number[]; manifestBytes: number; configBytes: number } {
  return JSON.parse(fixture(`${name}.truth.json`).toString());
}

function found(records: BuildRecords) {
  const [build] = buildRecordsDocument('file', records).buildsFound;
  return build!;
}

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);

test('rawjson of buildx: steps, cached ones, and the bytes of the layers that the registry has', () => {
  const records = readRawJson(fixture('buildx-0.29.rawjson').toString(), 'ref');
  const truth = pushed('buildx-0.29.rawjson');
  const build = found(records);
  assert.equal([build.steps, build.runSteps, build.status], [13, 4, 'completed']);
  assert.is(build.blobBytes, sum(truth.layers) + truth.manifestBytes + truth.configBytes);
  // Manifest and configuration had come with the look-up.
  assert.is(build.pulledBytes, sum(truth.layers));
  assert.match(build.startedAt!, /^2026-/);
});

test('an exported history record says besides what was built, from where, and which ref', () => {
  const records = readDockerBuild(gunzipSync(fixture('buildx-0.29.dockerbuild')));
  const truth = pushed('buildx-0.29.dockerbuild');
  const build = found(records);
  assert.is(build.pulledBytes, sum(truth.layers));
  assert.is(build.name, 'records-buildx029dockerbuild');
  assert.match(build.ref, /^[a-z0-9]{25}$/);
  assert.match(records.builds[0]!.build.context!, /netmeter-build-/);
  assert.equal([records.skipped, build.steps, build.status], [0, 13, 'completed']);
});

for (const name of ['buildx-0.29.plain.log', 'docker-20.10.plain.log']) {
  test(`${name}: every step with its end and duration; times that it does not tell are unknown`, () => {
    const records = readPlain(fixture(name).toString(), 'ref', 1_000_000);
    assert.is(records.builds.length, 1);
    const { build } = records.builds[0]!;
    assert.equal([found(records).startedAt, build.imported?.ended], [null, true]);
    assert.is(build.steps.filter(({ kind }) => kind === 'run').length, 4);
    const [other] = build.steps.filter(({ stage }) => stage === 'other');
    const { startedAt, completedAt } = other!.intervals[0]!;
    assert.ok(completedAt! - startedAt >= 500, 'it slept for half a second');
    assert.is(records.skipped, 0);
    assert.ok(records.unknown.some((text) => text.startsWith('when it ran')));
  });
}

test('plain logs give sizes as rounded as they are printed', () => {
  const name = 'buildx-0.29.plain.log';
  const { pulledBytes } = found(readPlain(fixture(name).toString(), 'ref', 0));
  assert.ok(Math.abs(pulledBytes! - sum(pushed(name).layers)) < 20_000);
});

const LOG = `#1 [internal] load build definition from Dockerfile
#1 DONE 0.0s

#2 [1/3] FROM docker.io/library/busybox
#2 CACHED

#3 [2/3] RUN one
#3 0.1 out
#3 ...

#4 [other 1/1] RUN two
#4 DONE 0.2s

#3 [2/3] RUN one
#3 DONE 1.0s

#3 [2/3] RUN one
#3 DONE 1.5s
`;

test('interleaved steps, steps that go on, and output', () => {
  const { builds } = readPlain(LOG, 'ref', 0);
  const steps = new Map(builds[0]!.build.steps.map((step) => [step.name, step]));
  const [one] = steps.get('[2/3] RUN one')!.intervals;
  assert.is(one!.completedAt! - one!.startedAt, 1500);
  assert.equal(
    [...steps.values()].map(({ status }) => status),
    ['done', 'cached', 'done', 'done'],
  );
  assert.is(builds[0]!.logBytes, 4);
});

test('two builds in one log, told apart by the engine line, by a new name, and by a new first step', () => {
  const begin = '#0 building with "default" instance using docker driver\n';
  const ended = `${LOG}\n#5 exporting to image\n#5 naming to docker.io/library/app:1 done\n#5 DONE 0.1s\n`;
  assert.is(readPlain(begin + LOG + begin + LOG, 'ref', 0).builds.length, 2);
  assert.is(readPlain(LOG + LOG.replaceAll('RUN one', 'RUN else'), 'ref', 0).builds.length, 2);
  const { builds } = readPlain(ended + ended, 'ref', 0);
  assert.equal(
    builds.map(({ build }) => [build.ref, build.name]),
    [
      ['ref', 'app:1'],
      ['ref-2', 'app:1'],
    ],
  );
});

test('errors, cancelled steps and warnings', () => {
  const { builds, skipped } = readPlain(
    `${LOG}\n#5 [2/2] RUN bad\n#5 ERROR: process "/bin/sh -c bad" did not complete successfully: exit code: 127\n` +
      '#6 [x 1/1] RUN slow\n#6 CANCELED\n------\n > [2/2] RUN bad:\n------\nDockerfile:3\n' +
      'ERROR: failed to solve: process "/bin/sh -c bad" did not complete successfully: exit code: 127\n' +
      ' 2 warnings found (use docker --debug to expand):\n',
    'ref',
    0,
  );
  const { build, warnings } = builds[0]!;
  assert.equal([build.status, warnings, skipped], ['failed', 2, 4]);
  assert.match(build.error!, /exit code: 127$/);
  const ends = build.steps.slice(-2).map(({ status }) => status);
  assert.equal(ends, ['failed', 'canceled']);
});

test('times before the line, above it, in brackets, and of GitLab', () => {
  const forms: ((time: string, line: string) => string)[] = [
    (time, line) => `${time} ${line}`,
    (time, line) => `${time}\n${line}`,
    (time, line) => `[${time}] ${line}`,
    (time, line) => `${time} 01O ${line}`,
  ];
  for (const form of forms) {
    const lines = [
      ['2025-07-03T08:13:00.5000000Z', '#1 [1/2] RUN one'],
      ['2025-07-03T08:13:04.5000000Z', '#1 DONE 4.0s'],
    ] as const;
    const { builds } = readPlain(lines.map(([time, line]) => form(time, line)).join('\n'), 'ref', 0);
    const { build } = builds[0]!;
    assert.is(build.imported?.dated, true, form('T', 'L'));
    assert.is(new Date(build.startedAt).toISOString(), '2025-07-03T08:13:00.500Z');
    assert.is(build.steps[0]!.intervals[0]!.startedAt, Date.parse('2025-07-03T08:13:00.500Z'));
  }
});

test('a log that is cut off: how it ended is unknown', () => {
  const records = readPlain('#7 sha256:', 'ref', 0);
  assert.is(records.builds.length, 1);
  const cut = readPlain(LOG.slice(0, LOG.indexOf('#3 ...')), 'ref', 0);
  assert.is(found(cut).status, null);
  assert.ok(cut.unknown.some((text) => text.startsWith('how some steps ended')));
});

test('rawjson over many lines, many to a line, with the year 1, cut off, and with what is unknown between', () => {
  const vertex = (more: object) => ({ vertexes: [{ digest: 'sha256:1', name: '[1/1] RUN a', ...more }] });
  const start = { started: '2024-02-05T18:37:58.113853435Z', completed: '0001-01-01T00:00:00Z' };
  const end = { ...start, completed: '2024-02-05T18:37:59.113853435Z', newField: { a: 1 } };
  const messages = [vertex({}), vertex(start), vertex(end)];
  const spellings = [
    messages.map((message) => JSON.stringify(message)).join('\n'),
    messages.map((message) => JSON.stringify(message)).join(''),
    messages.map((message) => JSON.stringify(message, null, 2)).join('\n'),
    JSON.stringify({ vertexes: messages.flatMap(({ vertexes }) => vertexes) }),
  ];
  for (const text of spellings) {
    const { builds, skipped } = readRawJson(text, 'ref');
    assert.equal([builds[0]!.build.steps.length, builds[0]!.build.status, skipped], [1, 'completed', 0]);
    assert.is(builds[0]!.build.completedAt! - builds[0]!.build.startedAt, 1000);
  }
  const cut = readRawJson(spellings[0]!.slice(0, -40), 'ref');
  assert.equal([found(cut).status, cut.builds[0]!.build.steps.length], [null, 1]);
  const between = readRawJson(`warning: x\n${spellings[0]}\n{"other":1}\n`, 'ref');
  assert.is(between.skipped, 2);
});

test('id and ID, texts for integers', () => {
  for (const key of ['id', 'ID']) {
    const status = { [key]: `sha256:${'a'.repeat(64)}`, vertex: 'v', current: '5', total: 9 };
    const times = { started: '2024-02-05T18:37:58Z', timestamp: '2024-02-05T18:37:59Z' };
    const text = JSON.stringify({
      vertexes: [{ digest: 'v', name: '[1/1] FROM a', started: '2024-02-05T18:37:58Z' }],
      statuses: [{ ...status, ...times }],
    });
    assert.is(found(readRawJson(text, 'ref')).pulledBytes, 5);
  }
});

test('archives that are none, and records without logs', () => {
  assert.throws(() => readDockerBuild(new Uint8Array(2048)), /no index\.json/);
  const archive = gunzipSync(fixture('buildx-0.29.dockerbuild'));
  const cut = archive.subarray(0, archive.length / 2);
  try {
    const { builds } = readDockerBuild(cut);
    assert.ok(builds.length <= 1);
  } catch (error) {
    assert.match(String(error), /no index\.json/);
  }
});

test.run();
