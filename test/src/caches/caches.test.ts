import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cacheOf, splitCacheId } from '../../../src/caches/cache.js';
import { type CollectionRule, collect } from '../../../src/caches/collect.js';
import { mountLines, parseDestination } from '../../../src/caches/destination.js';
import { managerOf } from '../../../src/caches/manager.js';
import { cacheNamed, cachesNamed, isOwnName } from '../../../src/caches/select.js';
import type { CacheRecord } from '../../../src/caches/types.js';
import { type CacheUse, refillBytes } from '../../../src/caches/uses.js';

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 10, 26);

function record(recordId: string, facts: Partial<CacheRecord> = {}): CacheRecord {
  return {
    recordId,
    type: 'exec.cachemount',
    description: `cached mount /${recordId} from exec /bin/sh -c true with id "//${recordId}"`,
    createdAt: NOW - 100 * HOUR,
    lastUsedAt: NOW - 50 * HOUR,
    usageCount: 1,
    sizeBytes: 100,
    parents: [],
    cacheId: `//${recordId}`,
    snapshot: recordId,
    equalMutable: undefined,
    isMutable: true,
    ...facts,
  };
}

const nothing = { path: undefined, sizeBytes: undefined, names: [], targets: [], holder: undefined };

test('a cache has the id of the Dockerfile, its namespace, and the targets it was seen at', () => {
  assert.equal(splitCacheId('//root/.cache'), { namespace: '', id: '/root/.cache' });
  assert.equal(splitCacheId('mine/a/b c'), { namespace: 'mine', id: 'a/b c' });
  assert.equal(splitCacheId('/x:abcdefghijklmnopqrstuvwxy'), { namespace: '', id: 'x' });
  assert.equal(splitCacheId('none'), { namespace: '', id: 'none' });
  const description = 'cached mount /c from x from exec /bin/sh -c echo from exec';
  const cache = cacheOf(record('r', { description }), { ...nothing, targets: ['/d'] });
  assert.equal(cache?.targets, ['/c from x', '/d']);
  assert.is(cacheOf(record('r', { cacheId: undefined }), nothing), undefined);
  assert.is(cacheOf(record('r', { description: '' }), nothing)?.target, undefined);
});

test('package managers, by target and by content', () => {
  const byTarget: [string, string][] = [
    ['/root/.cache/pypoetry', 'poetry'],
    ['/root/.cache/pypoetry/artifacts', 'poetry'],
    ['/root/.cache/pip/', 'pip'],
    ['/root/.cache/uv', 'uv'],
    ['/root/.npm', 'npm'],
    ['/pnpm/store', 'pnpm'],
    ['/usr/local/share/.cache/yarn', 'yarn'],
    ['/var/cache/apt', 'apt'],
    ['/var/lib/apt/lists', 'apt'],
    ['/etc/apk/cache', 'apk'],
    ['/var/cache/libdnf5', 'dnf'],
    ['/go/pkg/mod', 'go'],
    ['/root/.cache/go-build', 'go'],
    ['/usr/local/cargo/registry', 'cargo'],
    ['/root/.m2', 'maven'],
    ['/home/gradle/.gradle', 'gradle'],
    ['/root/.composer/cache', 'composer'],
    ['/usr/local/bundle/cache', 'gem'],
    ['/root/.nuget/packages', 'nuget'],
  ];
  for (const [target, manager] of byTarget) assert.is(managerOf([target], []), manager, target);
  const byContent: [string[], string][] = [
    [['artifacts', 'cache', 'cache/repositories'], 'poetry'],
    [['pypoetry', 'pypoetry/artifacts'], 'poetry'],
    [['http-v2', 'http-v2/a'], 'pip'],
    [['CACHEDIR.TAG', 'archive-v0'], 'uv'],
    [['_cacache', '_cacache/index-v5', '_logs'], 'npm'],
    [['v3', 'v3/files'], 'pnpm'],
    [['archives', 'archives/curl_8_amd64.deb'], 'apt'],
    [['cache', 'cache/download'], 'go'],
    [['modules-2'], 'gradle'],
  ];
  for (const [names, manager] of byContent) assert.is(managerOf(['/cache'], names), manager, names.join());
  assert.is(managerOf(['/data'], ['a', 'b/c']), undefined);
});

test('one is meant by its id first, then by target, then by record', () => {
  const named = (id: string, target: string, recordId: string, namespace = '') => {
    return { id, target, targets: [target], recordId, namespace };
  };
  const caches = [
    named('pip', '/a', 'aaaa1111'),
    named('/a', '/b', 'bbbb2222'),
    named('x\u001b[0m', '/c', 'cccc3333'),
    named('pip2', '/d', 'dddd4444', 'ci'),
    named('y', '/b', 'eeee5555'),
  ];
  assert.is(cacheNamed(caches, '/a').recordId, 'bbbb2222');
  assert.is(cacheNamed(caches, 'aaaa').recordId, 'aaaa1111');
  assert.is(cacheNamed(caches, 'x\\e[0m').recordId, 'cccc3333');
  assert.is(cacheNamed(caches, 'ci/pip2').recordId, 'dddd4444');
  assert.is(cachesNamed(caches, '/b').length, 2);
  const code = (name: string) => {
    try {
      cacheNamed(caches, name);
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  assert.is(code('/b'), 'ambiguous');
  assert.is(code('aaa'), 'not-found', 'too short for a record');
});

test('a target and a short beginning of a record are not its own name', () => {
  const cache = { id: 'pip', namespace: 'ci', target: '/a', targets: ['/a'], recordId: 'aaaabbbbccccdddd' };
  const own = ['pip', 'ci/pip', 'aaaabbbbccccdddd', 'aaaabbbbcccc'];
  for (const name of own) assert.ok(isOwnName(cache, name), name);
  for (const name of ['/a', 'aaaa', 'aaaabbbbccc', '']) assert.not.ok(isOwnName(cache, name), name);
  assert.ok(isOwnName({ ...cache, id: '/a' }, '/a'), 'an id that is its target');
  assert.ok(isOwnName({ ...cache, id: 'x\u001b[0m' }, 'x\\e[0m'), 'as it is shown');
});

const RULE: CollectionRule = {
  all: false,
  keepDurationMs: 48 * HOUR,
  reservedBytes: 0,
  maxUsedBytes: 250,
  minFreeBytes: 0,
  filters: ['type==source.local', 'type==exec.cachemount', 'type==source.git.checkout'],
};

function removed(records: CacheRecord[], rules: CollectionRule[], held: string[] = []): string[] | undefined {
  const collection = collect({ records, rules, held: new Set(held), freeBytes: 1e9, now: NOW });
  return collection && [...collection.removed];
}

test('collection removes the least used until the rule is content', () => {
  const records = [
    record('old', { lastUsedAt: NOW - 90 * HOUR }),
    record('used-often', { lastUsedAt: NOW - 80 * HOUR, usageCount: 9 }),
    record('recent', { lastUsedAt: NOW - HOUR }),
    record('layer', { type: 'regular', cacheId: undefined, sizeBytes: 50 }),
  ];
  assert.equal(removed(records, [RULE]), ['old', 'used-often']);
  assert.equal(removed(records, [{ ...RULE, maxUsedBytes: 300 }]), ['old']);
  assert.equal(removed(records, [{ ...RULE, maxUsedBytes: 1000 }]), []);
  assert.equal(removed(records, [RULE], ['old']), ['used-often'], 'what is mounted stays');
  assert.equal(removed(records, []), []);
});

test('a rule whose filters exclude each other matches nothing, as in engines before 29.6', () => {
  const records = [record('old', { sizeBytes: 1000 })];
  assert.equal(removed(records, [{ ...RULE, filters: [RULE.filters.join(',')] }]), []);
  assert.equal(removed(records, [{ ...RULE, filters: ['type!=regular'] }]), ['old']);
  assert.is(removed(records, [{ ...RULE, filters: ['type~=^exec'] }]), undefined, 'not understood: unknown');
});

test('too little free space makes rules stricter, down to what is reserved', () => {
  const records = [1, 2, 3].map((n) => record(`r${n}`, { lastUsedAt: NOW - (100 - n) * HOUR }));
  const rule = { ...RULE, maxUsedBytes: 1000, minFreeBytes: 150, reservedBytes: 150 };
  const at = (freeBytes: number) =>
    collect({ records, rules: [rule], held: new Set(), freeBytes, now: NOW })?.removed.size;
  assert.is(at(200), 0);
  assert.is(at(100), 1);
  assert.is(at(0), 2);
});

test('refilling takes what was fetched since it was empty', () => {
  const use = (fetchedBytes: number | undefined, emptyAtStart: boolean): CacheUse => ({
    ref: 'r',
    build: 'b',
    project: undefined,
    digest: 'd',
    step: 's',
    target: '/t',
    startedAt: 0,
    completedAt: 1,
    emptyAtStart,
    fetchedBytes,
  });
  assert.is(refillBytes([use(5, false), use(100, true), use(7, false)]), 105);
  assert.is(refillBytes([use(5, false)]), undefined, 'never seen empty');
  assert.is(refillBytes([use(undefined, false), use(100, true)]), undefined);
  assert.is(refillBytes([]), undefined);
});

test('where a copy goes', () => {
  const parse = (text: string) => parseDestination(text, (path) => path === 'there');
  assert.equal(parse('./x'), { kind: 'directory', path: './x' });
  assert.equal(parse('there'), { kind: 'directory', path: 'there' });
  assert.equal(parse('x.tar'), { kind: 'tar', path: 'x.tar' });
  assert.equal(parse('pip-cache'), { kind: 'volume', name: 'pip-cache' });
  assert.equal(parse('volume:there'), { kind: 'volume', name: 'there' });
  assert.equal(parse('dir:x.tar'), { kind: 'directory', path: 'x.tar' });
  for (const wrong of ['', 'a b', 'volume:', 'volume:a/b', '-x']) assert.throws(() => parse(wrong), /--to/);
});

test('lines to paste are quoted', () => {
  assert.is(mountLines('v', '/root/.cache').dockerRun, 'docker run -v v:/root/.cache IMAGE');
  assert.is(mountLines('v', "/a b'c").dockerRun, "docker run -v 'v:/a b'\\''c' IMAGE");
  assert.match(mountLines('v', '/a:b').dockerRun, /--mount source=v,target=\/a:b,type=volume/);
  assert.is(mountLines('v', '/a"b').devContainer, '"mounts": ["source=v,target=/a\\"b,type=volume"]');
});

test.run();
