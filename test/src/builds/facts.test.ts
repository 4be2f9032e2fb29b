import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type BuildRecord, buildFacts, type LocalState } from '../../../src/builds/facts.js';
import { recordedBuilds } from './recorded.js';

function facts(attrs: Record<string, string>, images: string[] = [], local?: LocalState) {
  const record: BuildRecord = {
    ref: 'abc',
    frontendAttrs: attrs,
    images,
    createdAt: 1_000.7,
    completedAt: undefined,
    error: undefined,
  };
  return buildFacts(record, 'lab', local);
}

test('compose labels its builds with the project', () => {
  const projects = recordedBuilds('compose').map(({ started }) => buildFacts(started, 'lab').project);
  assert.equal(projects, ['shop', 'shop']);
  const [web] = recordedBuilds('compose').map(({ started }) => buildFacts(started, 'lab'));
  assert.ok(['web', 'api'].includes(web!.target!));
  assert.is(web!.name, `shop-${web!.target}`);
});

test('a repository as the context', () => {
  const [git] = recordedBuilds('contexts').map(({ started }) => buildFacts(started, 'lab'));
  assert.match(git!.context!, /^http:\/\/[0-9.]+\/git\/sample\.git$/);
  assert.is(git!.name, 'sample');
  assert.is(git!.project, 'sample');
});

test('the first image is the name', () => assert.is(facts({}, ['a/b:1', 'c:2']).name, 'a/b:1'));

test("a name of containerd's image store is what people wrote", () => {
  assert.is(facts({}, ['docker.io/library/shop:latest']).name, 'shop');
  assert.is(facts({}, ['docker.io/me/shop:2']).name, 'me/shop:2');
  assert.is(facts({}, ['ghcr.io/me/shop:latest']).name, 'ghcr.io/me/shop:latest');
  const container = `vsc-shop-${'0'.repeat(64)}`;
  assert.is(facts({}, [`docker.io/library/${container}:latest`]).project, 'shop');
});

test('without anything to go by, the ref is the name', () => {
  const build = facts({ filename: 'Dockerfile' });
  assert.is(build.name, 'abc');
  assert.is(build.project, undefined);
  assert.is(build.context, undefined);
  assert.equal(build.platforms, []);
});

test('what buildx wrote down tells where a local context lies', () => {
  const local = { localPath: '/home/me/shop', dockerfilePath: '/home/me/shop/docker/Dockerfile' };
  const build = facts({ filename: 'Dockerfile', 'vcs:source': 'https://example.org/me/mono.git' }, [], local);
  assert.is(build.context, '/home/me/shop');
  assert.is(build.name, 'shop');
  assert.is(build.project, 'shop');
  assert.is(build.dockerfile, 'docker/Dockerfile');
});

test('a Dockerfile elsewhere keeps its path, one from the web its URL', () => {
  const local = { localPath: '/home/me/shop', dockerfilePath: '/tmp/Dockerfile.x' };
  assert.is(facts({ filename: 'Dockerfile.x' }, [], local).dockerfile, '/tmp/Dockerfile.x');
  const web = { ...local, dockerfilePath: '/home/me/https:/example.org/Dockerfile' };
  assert.is(facts({ filename: 'Dockerfile' }, [], web).dockerfile, 'https://example.org/Dockerfile');
  assert.is(facts({ filename: 'D' }, [], { ...local, dockerfilePath: undefined }).dockerfile, 'D');
});

test('a Dev Container is known by the image that its tool names', () => {
  const hash = '0'.repeat(64);
  assert.is(facts({}, [`vsc-my-app-${hash}-features`]).project, 'my-app');
  assert.is(facts({}, [`vsc-my-app-${hash}`]).project, 'my-app');
  assert.is(facts({}, ['vsc-no-hash']).project, undefined);
});

const FOLDERS: [context: string, name: string][] = [
  ['https://example.org/me/shop.git#main:sub', 'shop'],
  ['git@example.org:me/shop.git', 'shop'],
  ['https://example.org/shop.tar.gz?x=/y', 'shop.tar.gz'],
  ['/home/me/odd#folder', 'odd#folder'],
  ['/home/me/shop/', 'shop'],
];
for (const [context, name] of FOLDERS) {
  test(`the folder of ${context}`, () => assert.is(facts({ context }).name, name));
}

test('credentials in a URL are not kept', () => {
  assert.is(facts({ context: 'https://me:secret@example.org/a.git' }).context, 'https://example.org/a.git');
  assert.is(facts({ 'vcs:source': 'https://token@example.org/a.git' }).context, 'https://example.org/a.git');
});

test('several platforms', () => {
  assert.equal(facts({ platform: 'linux/amd64,linux/arm64' }).platforms, ['linux/amd64', 'linux/arm64']);
});

test.run();
