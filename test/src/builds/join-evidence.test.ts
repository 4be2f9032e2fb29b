import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseInstruction } from '../../../src/builds/command-text.js';
import { compareDefinition, readDefinitions } from '../../../src/builds/join-definitions.js';
import { isSameImage, parseImageName } from '../../../src/builds/join-images.js';
import { hasMountsOf } from '../../../src/builds/join-mounts.js';
import { execution, volume } from './join-scene.js';

test('image names, short and whole', () => {
  const same = (one: string, other: string) => isSameImage(parseImageName(one), parseImageName(other));
  assert.is(same('python', 'docker.io/library/python:latest'), true);
  assert.is(same('python:3', 'python:4'), false);
  assert.is(same('user/app', 'docker.io/user/app:latest'), true);
  assert.is(same('localhost/app', 'app'), false);
  assert.is(same('registry:5000/app', 'registry:5000/app:latest'), true);
  assert.is(same('registry:5000/app:1@sha256:aa', 'registry:5000/app:2@sha256:aa'), true);
  assert.is(same('app:1@sha256:aa', 'app:1@sha256:bb'), false);
  assert.is(same('app@sha256:aa', 'app:1'), undefined);
  assert.is(same('app:1@sha256:aa', 'app:1'), true);
});

function mountsFit(instruction: string, mounts: ReturnType<typeof volume>[], cwd = '/'): boolean {
  return hasMountsOf(
    parseInstruction(`RUN ${instruction} make`)!,
    execution('e', 'make', { ran: [0], mounts, cwd }),
  );
}

test('mounts that flags ask for', () => {
  const cache = '--mount=type=cache,target=/c';
  assert.ok(mountsFit(cache, [volume('/c', { cacheId: '//c' })]));
  assert.ok(mountsFit(cache, [volume('/c', { cacheId: 'ns//c' })]));
  assert.ok(mountsFit(cache, [volume('/c', { snapshotId: undefined })]));
  assert.not(mountsFit(cache, [volume('/c', { cacheId: '/other' })]));
  assert.not(mountsFit(cache, []));
  assert.not(mountsFit('', [volume('/c', {})]));
  assert.ok(mountsFit('--mount=type=cache,id=x,dst=c/../d', [volume('/src/d', { cacheId: '/x' })], '/src'));
  assert.ok(mountsFit('--mount=target=.', [volume('/src', { path: '/' })], '/src'));
  assert.ok(mountsFit('--mount=from=a,source=out/,target=/in', [volume('/in', { path: '/out' })]));
  assert.not(mountsFit('--mount=from=a,src=/out,target=/in', [volume('/in', { path: '/other' })]));
  assert.ok(
    mountsFit('--mount=type=secret,id=x --mount=type=ssh --mount=type=tmpfs,target=/t --network=host', []),
  );
  assert.ok(mountsFit('<<EOF', [volume('/dev/pipes/', {})]));
});

const PROVENANCE = {
  buildConfig: {
    llbDefinition: [
      { id: 'step0', op: { Op: { source: { identifier: 'docker-image://x' } } } },
      {
        id: 'step1',
        op: {
          Op: { exec: { meta: { args: ['/bin/sh', '-c', 'make'], env: ['PATH=/bin', 'X=1'], cwd: '/src' } } },
        },
      },
    ],
    digestMapping: { 'sha256:a': 'step0', 'sha256:b': 'step1', 'sha256:c': 'none' },
  },
};

test('definitions, in both forms of the provenance', () => {
  const definition = { args: ['/bin/sh', '-c', 'make'], env: ['PATH=/bin', 'X=1'], cwd: '/src' };
  const slsa1 = { buildDefinition: { internalParameters: PROVENANCE } };
  for (const form of [PROVENANCE, { predicate: PROVENANCE }, slsa1, { predicate: slsa1 }]) {
    assert.equal([...readDefinitions(form)], [['sha256:b', definition]]);
  }
  for (const odd of [
    undefined,
    null,
    7,
    [],
    {},
    { buildConfig: 3 },
    { buildConfig: { llbDefinition: {} } },
  ]) {
    assert.is(readDefinitions(odd).size, 0);
  }
});

test('a process and a definition', () => {
  const definition = { args: ['/bin/sh', '-c', 'make'], env: ['PATH=/bin', 'X=1'], cwd: '/src' };
  const having = (env: string[], more = {}) =>
    compareDefinition(execution('e', 'make', { ran: [0], env, cwd: '/src', ...more }), definition);
  assert.is(having(['PATH=/bin', 'X=1']), 'same');
  assert.is(having(['PATH=/bin', 'X=1', 'https_proxy=p', 'SSH_AUTH_SOCK=s']), 'same');
  assert.is(having(['PATH=/bin', 'X=1', 'TOKEN=secret']), 'unknown');
  assert.is(having(['PATH=/bin', 'X=2']), 'other');
  assert.is(having(['PATH=/bin', 'X=1'], { cwd: '/' }), 'other');
  assert.is(having(['PATH=/bin', 'X=1'], { args: ['make'] }), 'other');
  assert.is(having(['PATH=/bin', 'X=1'], { args: ['/emulator', '/bin/sh', '-c', 'make'] }), 'same');
  assert.is(compareDefinition(execution('e', 'make', { ran: [0] }), undefined), 'unknown');
});

test.run();
