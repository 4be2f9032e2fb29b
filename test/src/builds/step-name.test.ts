import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { addSources, isLookup, parseStepName } from '../../../src/builds/step-name.js';
import { recordedBuilds } from './recorded.js';

type Row = [
  name: string,
  hasInputs: boolean,
  kind: string,
  stage?: string | undefined,
  number?: number | undefined,
  platform?: string | undefined,
];

// Names as BuildKit 0.10 to 0.25 gave them; the recordings hold more.
const ROWS: Row[] = [
  ['[2/3] RUN make', true, 'run', undefined, 2],
  ['[ 2/12] RUN make', true, 'run', undefined, 2],
  ['[app 2/5] RUN make', true, 'run', 'app', 2],
  ['[integration-tests-base  3/18] RUN apk add npm', true, 'run', 'integration-tests-base', 3],
  ['[linux/amd64 2/3] COPY . .', true, 'copy', undefined, 2, 'linux/amd64'],
  ['[linux/amd64->arm64 build 1/2] FROM golang:1.21', false, 'from', 'build', 1, 'linux/amd64->arm64'],
  ['[linux/arm/v7 stage-1 12/14] RUN make', true, 'run', 'stage-1', 12, 'linux/arm/v7'],
  ['[internal] load build definition from Dockerfile', false, 'internal'],
  ['[internal] load .dockerignore', false, 'internal'],
  ['[internal] load build context', false, 'internal'],
  ['[internal] load metadata for docker.io/library/golang:1.21', false, 'internal'],
  ['[internal] load git source https://example.org/x.git#main', false, 'git'],
  ['[internal] load remote build context', false, 'add'],
  ['[auth] library/busybox:pull token for registry-1.docker.io', false, 'internal'],
  ['[context base] load metadata for alpine:3', false, 'internal'],
  ['[context base] alpine:3', false, 'from'],
  ['[context src] load from client', false, 'internal'],
  ['[context lib] https://example.org/lib.git', false, 'git'],
  ['FROM docker.io/tonistiigi/binfmt:v7@sha256:45dd', false, 'from'],
  ['docker-image://docker.io/docker/dockerfile:1@sha256:67270', false, 'from'],
  ['resolve image config for docker-image://docker.io/docker/dockerfile:1', false, 'internal'],
  ['importing cache manifest from example.org/cache', false, 'internal'],
  ['exporting to image', false, 'export'],
  ['exporting cache to client directory', false, 'export'],
  ['pushing example.org/app:1 with docker', false, 'export'],
  ['copy /context /', true, 'copy'],
  ['/bin/sh -c make', true, 'run'],
  ['sh -exc make', true, 'run'],
  ['mkdir /work', true, 'internal'],
  ['[2/9] WORKDIR /work', true, 'internal', undefined, 2],
  ['[2/9] ADD a.tar /', true, 'copy', undefined, 2],
  ['[2/9] ADD https://example.org/a.tar /', false, 'add', undefined, 2],
  ['[2/9] ADD https://example.org/a.git#v1 /', false, 'git', undefined, 2],
  ['[2/9] ADD --keep-git-dir=true git@example.org:a/b.git /', false, 'git', undefined, 2],
  ['[2/9] ADD https://example.org/a.git https://example.org/b /', false, 'add', undefined, 2],
  ['[2/9] ADD [https://example.org/a.git, /x]', false, 'git', undefined, 2],
  ['RUN: is no instruction', true, 'internal'],
  ['[not 2/ a stage] RUN x', true, 'run'],
  ['[', false, 'internal'],
  ['', false, 'internal'],
];

for (const [name, hasInputs, kind, stage, number, platform] of ROWS) {
  test(`reads ${name}`, () => {
    const read = parseStepName(name, hasInputs);
    assert.is(read.kind, kind);
    assert.is(read.stage, stage);
    assert.is(read.number, number);
    assert.is(read.platform, platform);
    assert.ok(name.endsWith(read.instruction));
  });
}

test('the instruction keeps everything after the bracket, hostile or not', () => {
  const read = parseStepName('[1/2] RUN echo "\u001b[31m" [9/9]\nADD x', true);
  assert.is(read.instruction, 'RUN echo "\u001b[31m" [9/9]\nADD x');
  assert.is(read.number, 1);
});

test('an endless bracket is not searched for long', () => {
  const name = `[${' a'.repeat(200_000)}`;
  assert.is(parseStepName(name, false).instruction, name);
});

test('what ADD fetches is read in both forms, without flags and destination', () => {
  assert.equal(addSources('ADD --checksum=sha256:0 --chown=1:1 http://a/x  http://b/y /d/'), [
    'http://a/x',
    'http://b/y',
  ]);
  assert.equal(addSources('ADD [http://a/x, /d]'), ['http://a/x']);
  assert.equal(addSources('ADD'), []);
});

test('every lookup in the recordings is known as one, and no pull is', () => {
  const names = ['pulls', 'names', 'contexts'].flatMap((recording) =>
    recordedBuilds(recording).flatMap(({ updates }) =>
      updates.flatMap((update) => update.vertexes.map((vertex) => vertex.name)),
    ),
  );
  const lookups = new Set(names.filter((name) => isLookup(parseStepName(name, false).instruction)));
  assert.equal(new Set(names.filter((name) => /load metadata/.test(name))), lookups);
  assert.ok(lookups.size >= 4);
});

test.run();
