import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { resolveEngine } from '../../../../daemon/observe/docker/engine-address.js';
import { NetmeterError } from '../../../../src/errors.js';

const test = suite<{ home: string }>('engine address');

test.before.each((context) => {
  context.home = mkdtempSync(join(tmpdir(), 'netmeter-home-'));
});

test.after.each(({ home }) => {
  rmSync(home, { recursive: true, force: true });
});

/** Docker names a context's folder after the SHA-256 of its name. */
function writeContext(home: string, name: string, meta: string): void {
  const folder = join(home, '.docker/contexts/meta', createHash('sha256').update(name).digest('hex'));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'meta.json'), meta);
}

function writeConfig(home: string, text: string): void {
  mkdirSync(join(home, '.docker'), { recursive: true });
  writeFileSync(join(home, '.docker/config.json'), text);
}

function failure(work: () => unknown): NetmeterError {
  try {
    work();
  } catch (error) {
    assert.instance(error, NetmeterError);
    return error as NetmeterError;
  }
  throw new Error('it did not fail');
}

test('without any word the default socket is meant', ({ home }) => {
  assert.equal(resolveEngine({ env: {}, homeDir: home }), {
    kind: 'unix',
    socketPath: '/var/run/docker.sock',
    name: 'default',
    url: 'unix:///var/run/docker.sock',
    source: 'the default',
  });
});

test('the option comes before DOCKER_HOST, that before DOCKER_CONTEXT, that before the current one', ({
  home,
}) => {
  writeContext(home, 'colima', '{"Endpoints":{"docker":{"Host":"unix:///colima.sock"}}}');
  writeContext(home, 'other', '{"Endpoints":{"docker":{"Host":"tcp://127.0.0.1:2375"}}}');
  writeConfig(home, '{"currentContext":"other"}');
  const env: Record<string, string> = {};
  const resolve = (dockerHost?: string) => resolveEngine({ dockerHost, env, homeDir: home });
  assert.equal(resolve(), {
    kind: 'tcp',
    host: '127.0.0.1',
    port: 2375,
    name: 'other',
    url: 'tcp://127.0.0.1:2375',
    source: 'Docker context other',
  });
  env.DOCKER_CONTEXT = 'colima';
  assert.is(resolve().name, 'colima');
  assert.is((resolve() as { socketPath?: string }).socketPath, '/colima.sock');
  env.DOCKER_HOST = 'unix:///host.sock';
  assert.is(resolve().url, 'unix:///host.sock');
  assert.is(resolve('unix:///option.sock').source, '--docker-host');
});

test('DOCKER_CONFIG says where the contexts are, and the context "default" is the default socket', ({
  home,
}) => {
  writeConfig(home, '{"currentContext":"default"}');
  assert.is(resolveEngine({ env: {}, homeDir: home }).name, 'default');
  assert.is(resolveEngine({ env: { DOCKER_CONFIG: join(home, 'none') }, homeDir: '/none' }).name, 'default');
});

test('IPv6 addresses and the default port', ({ home }) => {
  const address = resolveEngine({ dockerHost: 'tcp://[::1]', env: {}, homeDir: home });
  assert.is(address.kind, 'tcp');
  assert.equal([(address as { host?: string }).host, (address as { port?: number }).port], ['::1', 2375]);
});

for (const host of ['ssh://me@build', 'npipe:////./pipe/docker', '/var/run/docker.sock', 'tcp://', 'fd://']) {
  test(`${host} is refused, with what to write instead`, ({ home }) => {
    const error = failure(() => resolveEngine({ env: { DOCKER_HOST: host }, homeDir: home }));
    assert.is(error.code, 'engine-unsupported');
    assert.ok(error.message.includes(`DOCKER_HOST says ${host}`));
    assert.match(error.hint!, /:\/\//);
  });
}

test('TLS is refused', ({ home }) => {
  const env = { DOCKER_HOST: 'tcp://build:2375', DOCKER_TLS_VERIFY: '1' };
  assert.match(failure(() => resolveEngine({ env, homeDir: home })).message, /asks for TLS/);
  const other = { DOCKER_HOST: 'tcp://build:2376' };
  assert.match(failure(() => resolveEngine({ env: other, homeDir: home })).message, /asks for TLS/);
});

test('a context that does not exist, or has no engine', ({ home }) => {
  const error = failure(() => resolveEngine({ env: { DOCKER_CONTEXT: 'gone' }, homeDir: home }));
  assert.is(error.code, 'not-found');
  assert.match(error.hint!, /docker context ls/);
  writeContext(home, 'bare', '{"Endpoints":[]}');
  assert.is(
    failure(() => resolveEngine({ env: { DOCKER_CONTEXT: 'bare' }, homeDir: home })).code,
    'not-found',
  );
});

test('a damaged or huge configuration is named', ({ home }) => {
  writeConfig(home, '{"currentContext":');
  const error = failure(() => resolveEngine({ env: {}, homeDir: home }));
  assert.is(error.code, 'unreadable-input');
  assert.ok(error.message.includes(join(home, '.docker/config.json')));
  writeConfig(home, `"${'x'.repeat(2_000_000)}"`);
  assert.match(failure(() => resolveEngine({ env: {}, homeDir: home })).message, /larger than/);
});

test.run();
