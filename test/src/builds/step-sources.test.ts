import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseStepName } from '../../../src/builds/step-name.js';
import {
  endpointMatches,
  imageEndpoint,
  stepEndpoints,
  stepSources,
} from '../../../src/builds/step-sources.js';
import { build, ORIGIN, REGISTRY, step } from './traffic.js';

const HUB = { host: 'registry-1.docker.io', port: 443 };

const IMAGES: [image: string, endpoint: ReturnType<typeof imageEndpoint>][] = [
  ['alpine', HUB],
  ['alpine:3', HUB],
  ['me/app:1', HUB],
  ['docker.io/library/alpine:3', HUB],
  ['example.org/app', { host: 'example.org', port: undefined }],
  ['example.org:5000/a/b:1', { host: 'example.org', port: 5000 }],
  ['localhost/app', { host: 'localhost', port: undefined }],
  ['[fd00::7]:5000/app', { host: 'fd00::7', port: 5000 }],
];
for (const [image, endpoint] of IMAGES) {
  test(`the registry of ${image}`, () => assert.equal(imageEndpoint(image), endpoint));
}

const NAMES: [name: string, sources: string[], hosts: string[]][] = [
  [
    '[a 1/2] FROM docker.io/library/alpine:3@sha256:00ff',
    ['docker.io/library/alpine:3'],
    ['registry-1.docker.io:443'],
  ],
  ['[context base] example.org/x:1', ['example.org/x:1'], ['example.org:']],
  ['[internal] load metadata for example.org:5000/x:1', ['example.org:5000/x:1'], ['example.org:5000']],
  [
    'resolve image config for docker-image://docker.io/docker/dockerfile:1',
    ['docker.io/docker/dockerfile:1'],
    ['registry-1.docker.io:443'],
  ],
  [
    '[2/3] ADD https://a.test/x http://[fd00::1]:81/y /d/',
    ['https://a.test/x', 'http://[fd00::1]:81/y'],
    ['a.test:443', 'fd00::1:81'],
  ],
  ['[2/3] ADD git@a.test:me/x.git /d', ['git@a.test:me/x.git'], ['a.test:22']],
  ['[internal] load git source git://a.test/x.git', ['git://a.test/x.git'], ['a.test:9418']],
  ['[internal] load remote build context', ['http://c.test/ctx.tar'], ['c.test:80']],
  ['[2/3] ADD http://[/x /d', ['http://[/x'], []],
  ['[2/3] RUN curl http://a.test', [], []],
];
for (const [name, sources, hosts] of NAMES) {
  test(`the sources of ${name}`, () => {
    const { kind, instruction } = parseStepName(name, name.includes('RUN'));
    const source = step('s', { kind, instruction });
    const context = build('b', [], { context: 'http://c.test/ctx.tar' });
    assert.equal(stepSources(source, context), sources);
    const endpoints = stepEndpoints(source, context);
    assert.equal(
      endpoints.map(({ host, port }) => `${host}:${port ?? ''}`),
      hosts,
    );
  });
}

test('an endpoint is its address and its port', () => {
  const none = () => [];
  const at = (host: string, port: number | undefined) => ({ host, port });
  assert.ok(endpointMatches(at(REGISTRY.address, 5000), REGISTRY, none));
  assert.not(endpointMatches(at(REGISTRY.address, 5001), REGISTRY, none));
  assert.not(endpointMatches(at(ORIGIN.address, 5000), REGISTRY, none));
  assert.ok(endpointMatches(at(ORIGIN.address, undefined), ORIGIN, none));
  assert.not(endpointMatches(at(REGISTRY.address, undefined), REGISTRY, none));
  // Port 0 stands for ports that are not told apart.
  assert.ok(endpointMatches(at(REGISTRY.address, 50_000), { ...REGISTRY, port: 0 }, none));
  assert.ok(
    endpointMatches(at('r.test', 5000), REGISTRY, (host) => (host === 'r.test' ? [REGISTRY.address] : [])),
  );
});

test.run();
