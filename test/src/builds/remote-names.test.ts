import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { namedByInstruction } from '../../../src/builds/remote-names.js';
import type { Build, Step } from '../../../src/builds/types.js';
import type { RemoteUsage } from '../../../src/metering/usage.js';

const build = { context: undefined, steps: [] } as unknown as Build;

function step(kind: Step['kind'], instruction: string): Step {
  return { kind, instruction } as Step;
}

function remote(port: number, more: Partial<RemoteUsage> = {}): RemoteUsage {
  const place = { ownerId: 'step', address: '192.0.2.1', port, protocol: 'tcp', class: 'wan' } as const;
  return { ...place, name: null, nameSource: null, rxBytes: 1, txBytes: 1, ...more };
}

/** Names of the remotes afterwards. */
function names(kind: Step['kind'], instruction: string, remotes: readonly RemoteUsage[]) {
  return namedByInstruction(build, step(kind, instruction), remotes).map(({ name, nameSource }) =>
    name === null ? null : `${name} ${nameSource}`,
  );
}

test('the one host that a step speaks of names its remotes that nothing was heard of', () => {
  const url = 'wget -q http://files.example/a; curl https://other.example:8443/b';
  assert.equal(names('run', url, [remote(80), remote(8443), remote(443)]), [
    'files.example instruction',
    'other.example instruction',
    null,
  ]);
  assert.equal(names('run', "echo 'deb http://deb.example/debian trixie main' >x", [remote(80)]), [
    'deb.example instruction',
  ]);
  assert.equal(names('add', 'ADD https://files.example/a.tgz /a', [remote(443)]), [
    'files.example instruction',
  ]);
  assert.equal(names('from', 'FROM registry.example:5000/base:1', [remote(5000), remote(443)]), [
    'registry.example instruction',
    null,
  ]);
  assert.equal(names('from', 'FROM debian:trixie', [remote(443)]), ['registry-1.docker.io instruction']);
  assert.equal(names('internal', 'load metadata for ghcr.io/a/b:1', [remote(443)]), ['ghcr.io instruction']);
  assert.equal(names('run', 'curl http://big.example:50000/x', [remote(0)]), ['big.example instruction']);
});

test('what was heard stays, and is nobody else’s', () => {
  const heard = remote(443, { name: 'cdn.example', nameSource: 'tls-sni' });
  assert.equal(names('run', 'curl https://files.example/a', [heard]), ['cdn.example tls-sni']);
  const same = remote(443, { name: 'files.example', nameSource: 'dns' });
  assert.equal(names('run', 'curl https://files.example/a', [same, remote(443)]), [
    'files.example dns',
    null,
  ]);
});

test('no name where several could be meant, none could, or it is no host of the internet', () => {
  const two = 'curl https://a.example/x https://b.example/y';
  assert.equal(names('run', two, [remote(443)]), [null]);
  for (const text of [
    'apt-get update',
    'curl https://198.51.100.200/x',
    'curl https://deb.$SUFFIX/x',
    'curl https://mirror.example$PORT/x',
    'curl https://localhost/x',
    'curl https://[2001:db8::1]/x',
    'curl https://\u001b[31m.example/x',
    `curl https://${'a'.repeat(300)}.example/x`,
  ]) {
    assert.equal(names('run', text, [remote(443)]), [null], text);
  }
  const one = 'curl https://a.example/x';
  assert.equal(names('run', one, [remote(443, { class: 'proxy' }), remote(443, { class: 'lan' })]), [
    null,
    null,
  ]);
  assert.equal(names('run', one, [remote(443, { protocol: 'udp' })]), [null]);
  assert.equal(names('from', 'FROM 198.51.100.200:5000/a', [remote(5000)]), [null]);
});

test.run();
