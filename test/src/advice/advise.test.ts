import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { adviseOn } from '../../../src/advice/advise.js';
import { applyAdvice } from '../../../src/advice/apply.js';
import { adviseDocument } from '../../../src/advice/document.js';
import type { StepRun } from '../../../src/advice/types.js';
import { readDockerfile } from '../../../src/dockerfile/read.js';
import { assertGolden } from '../../cli/commands/golden.js';

const text = (name: string) =>
  readFileSync(new URL(`../../fixtures/dockerfiles/${name}`, import.meta.url), 'utf8');

const run = (at: number, instruction: string, bytes: number | undefined): StepRun => ({
  at,
  instruction,
  stage: undefined,
  bytes,
});

for (const name of ['no-mounts', 'traps', 'nothing-to-change']) {
  test(`advice on ${name}.Dockerfile`, () => {
    const file = `${name}.Dockerfile`;
    const history = [
      run(1, 'RUN npm ci', 30_000_000),
      run(2, 'RUN npm ci', 40_000_000),
      run(3, 'RUN npm ci', 20_000_000),
      run(1, 'RUN apk add --no-cache curl', 5_000_000),
      run(1, 'RUN pip install --no-cache-dir -r requirements.txt', undefined),
      run(1, 'FROM docker.io/library/debian:latest@sha256:00', 50_000_000),
      run(2, 'FROM docker.io/library/debian:latest@sha256:11', 49_000_000),
    ];
    const advice = adviseOn(readDockerfile(text(file), file), history);
    assertGolden(`advise/${name}.json`, `${JSON.stringify(adviseDocument(file, advice), null, 2)}\n`);
    const fixed = applyAdvice(text(file), advice);
    assertGolden(`advise/${name}.fixed`, fixed);
    const again = adviseOn(readDockerfile(fixed, file), []);
    const left = again.filter(({ fix }) => fix !== undefined);
    assert.equal(left, [], 'what can be put right is right after it');
  });
}

test('numbers are of the period: all runs but the dearest, and none where nothing is known', () => {
  const file = readDockerfile('FROM a:1\nRUN npm ci\nRUN pip install x\n', 'Dockerfile');
  const [npm, pip] = adviseOn(file, [
    run(1, 'RUN npm ci', 30),
    run(2, 'RUN npm  ci', 40),
    run(3, 'RUN npm ci --dev', 500),
    run(4, 'RUN pip install x', undefined),
  ]);
  assert.is(npm?.savesBytes, 30);
  assert.is(npm?.basis, 'estimated');
  assert.is(pip?.savesBytes, undefined);
  assert.is(pip?.basis, 'unknown');
});

const fixed = (source: string) => applyAdvice(source, adviseOn(readDockerfile(source, 'Dockerfile')));

test('a mount is put in only where its user could write to it', () => {
  const source = 'FROM a:1\nUSER app\nRUN pip install x\n';
  const [pip] = adviseOn(readDockerfile(source, 'Dockerfile'));
  assert.match(pip?.message ?? '', 'target=/home/app/.cache/pip,uid=<the number of app>');
  assert.is(fixed(source), source);
  assert.match(
    fixed('FROM a:1\nUSER 1001\nENV HOME=/h\nRUN pip install x\n'),
    'pip,uid=1001,gid=1001 pip install',
  );
});

test('what would empty a mount is taken out of here-documents, too', () => {
  const text = fixed(
    'FROM debian:12\nRUN <<EOF\napt-get install -y curl\nrm -rf /var/lib/apt/lists/*\nEOF\nCOPY a b\n',
  );
  assert.match(text, /sharing=locked <<EOF\napt-get install -y curl\ntrue\nEOF\nCOPY a b\n$/);
});

test('two changes of one step both reach it', () => {
  const step =
    'RUN --mount=type=cache,target=/root/.cache/pip apt-get install -y curl && pip install --no-cache-dir x';
  const text = fixed(`FROM debian:12\n${step}\n`);
  assert.is(text.includes('--no-cache-dir'), false);
  assert.match(text, '/var/lib/apt,sharing=locked --mount=type=cache,target=/root/.cache/pip apt-get');
});

test('a file with the line ends of Windows keeps them', () => {
  const text = fixed('FROM debian:12\r\nRUN apt-get update && \\\r\n  apt-get install -y curl\r\n');
  assert.is(text.replaceAll('\r\n', '').includes('\n'), false);
});

test('a step without a network downloads nothing', () => {
  assert.equal(adviseOn(readDockerfile('FROM a:1\nRUN --network=none pip install x\n', 'Dockerfile')), []);
});

test.run();
