// What builds saved, scene by scene: each with what would really have been downloaded.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sumPages } from '../../../src/savings/build-ledger.js';
import { exactly } from '../../../src/savings/range.js';
import { DAY, MB, mount, Scene, type SceneStep, saving } from './scene.js';

const INSTALL = { instruction: 'RUN --mount=type=cache,target=/c poetry install', kind: 'run' } as const;

test('a step that ran cold is its own baseline and saves nothing', () => {
  const page = new Scene().build([{ wan: 10 * MB }]).page(0);
  assert.is(page.cold?.bytes, 10 * MB);
  assert.is(page.cold?.basis, 'measured');
  assert.equal(page.savings, []);
  assert.is(page.residualBytes, 0);
});

test('attempts are added up: one dependency more saved what was there, not the difference to the old run', () => {
  const scene = new Scene();
  scene.build([{ ...INSTALL, wan: 10.63 * MB, cacheMounts: [mount('r', true)] }]);
  const page = scene.build([{ ...INSTALL, wan: 4.25 * MB, cacheMounts: [mount('r', false)] }]).page(0);
  const saved = saving(page, 'cache-mount');
  assert.is(saved.bytes, 10.63 * MB);
  assert.is(saved.basis, 'derived');
  assert.is(saved.lowBytes, 0);
  assert.is(saved.highBytes, 10.63 * MB);
});

test('where names of packages are told, those that a cache has and nobody needs save nothing', () => {
  const scene = new Scene();
  const install = (wan: number, isEmpty: boolean, ...installed: string[]) => {
    const log = { downloadedBytes: undefined, cachedBytes: undefined, neededBytes: undefined };
    const clientLogs = [{ ...log, client: 'poetry' as const, roundingBytes: 0, isPartial: false, installed }];
    return scene.build([{ ...INSTALL, wan, clientLogs, cacheMounts: [mount('r', isEmpty)] }]).page(0);
  };
  install(6 * MB, true, 'alpha 1.0', 'beta 1.0');
  const changed = saving(install(3 * MB, false, 'gamma 1.0'), 'cache-mount');
  assert.equal([changed.bytes, changed.lowBytes, changed.highBytes], [0, 0, 6 * MB]);
  assert.is(changed.basis, 'estimated');
  const all = saving(
    install(1 * MB, false, 'alpha 1.0', 'beta 1.0', 'gamma 1.0', 'delta 1.0'),
    'cache-mount',
  );
  assert.equal([all.bytes, all.basis], [9 * MB, 'derived']);
  const half = saving(install(0, false, 'gamma 1.0', 'delta 1.0'), 'cache-mount');
  assert.equal([half.bytes, half.lowBytes, half.highBytes], [5 * MB, 0, 10 * MB]);
  assert.is(
    saving(install(0, false, 'alpha 2.0'), 'cache-mount').bytes,
    0,
    'another version is another package',
  );
});

test('what a step without names fetched makes those of its cache unknown', () => {
  const scene = new Scene();
  const log = {
    downloadedBytes: undefined,
    cachedBytes: undefined,
    neededBytes: undefined,
    roundingBytes: 0,
  };
  const named = (name: string) => ({
    clientLogs: [{ ...log, client: 'poetry' as const, isPartial: false, installed: [name] }],
  });
  scene.build([{ ...INSTALL, ...named('a 1'), wan: 6 * MB, cacheMounts: [mount('r', true)] }]);
  scene.build([{ ...INSTALL, wan: 2 * MB, cacheMounts: [mount('r', false)] }]);
  const page = scene
    .build([{ ...INSTALL, ...named('b 1'), wan: MB, cacheMounts: [mount('r', false)] }])
    .page(0);
  assert.is(saving(page, 'cache-mount').bytes, 8 * MB);
  assert.is(saving(page, 'cache-mount').basis, 'derived');
});

test('a first run that fails leaves what it downloaded, and is no baseline', () => {
  const scene = new Scene();
  const failed = scene.build(
    [{ ...INSTALL, status: 'failed', wan: 6 * MB, cacheMounts: [mount('r', true)] }],
    { status: 'failed' },
  );
  assert.is(failed.page(0).savings, undefined);
  assert.is(failed.page(0).actualBytes, 6 * MB);
  assert.is(scene.runs.length, 0);
  const page = scene.build([{ ...INSTALL, wan: 5 * MB, cacheMounts: [mount('r', false)] }]).page(0);
  assert.is(page.cold?.bytes, 11 * MB);
  assert.is(saving(page, 'cache-mount').bytes, 6 * MB);
});

test('the same step measured cold is better than its attempts', () => {
  const scene = new Scene();
  const digest = 'sha256:same';
  scene.build([{ ...INSTALL, digest, wan: 10 * MB, cacheMounts: [mount('r', true)] }]);
  scene.build([{ ...INSTALL, wan: 7 * MB, cacheMounts: [mount('r', false)] }]);
  const page = scene.build([{ ...INSTALL, digest, wan: 1 * MB, cacheMounts: [mount('r', false)] }]).page(0);
  assert.is(page.cold?.basis, 'measured');
  assert.is(saving(page, 'cache-mount').bytes, 9 * MB);
});

test('the same command on the same layer is the same step, though its digest is another', () => {
  const scene = new Scene();
  const inputs = { inputLayer: 'layer1' };
  scene.build([{ ...INSTALL, ...inputs, wan: 10 * MB, cacheMounts: [mount('r', true)] }]);
  const page = scene.build([{ ...INSTALL, ...inputs, wan: 0, cacheMounts: [mount('r', false)] }]).page(0);
  assert.is(page.cold?.basis, 'measured');
  assert.is(saving(page, 'cache-mount').bytes, 10 * MB);
});

test('a cache that was warm before anything was counted: unknown, and the total says so', () => {
  const scene = new Scene();
  const built = scene.build([{ ...INSTALL, wan: 4 * MB, cacheMounts: [mount('r', false)] }]);
  assert.is(built.page(0).cold, undefined);
  assert.is(built.page(0).savings, undefined);
  assert.is(sumPages(built.ledger.values()).unknownSteps, 1);
  const again = scene.build([{ ...INSTALL, wan: 1 * MB, cacheMounts: [mount('r', false)] }]);
  assert.is(again.page(0).savings, undefined, 'attempts since nobody knows when say nothing');
});

test('an unknown step becomes known when a cold run of it is measured later', () => {
  const scene = new Scene();
  const digest = 'sha256:same';
  const before = scene.build([{ ...INSTALL, digest, wan: 1 * MB, cacheMounts: [mount('r', false)] }]);
  assert.is(before.page(0).savings, undefined);
  scene.build([{ ...INSTALL, digest, wan: 9 * MB, cacheMounts: [mount('private', true)] }]);
  assert.is(saving(before.page(0), 'cache-mount').bytes, 8 * MB);
});

test('what nobody counted in between makes the attempts worthless', () => {
  const scene = new Scene();
  scene.build([{ ...INSTALL, wan: 10 * MB, cacheMounts: [mount('r', true)] }]);
  // Caught up on from the engine's history: nobody saw its process or its mount.
  scene.build([{ ...INSTALL, unmetered: true, cacheMounts: [mount(undefined, undefined)] }]);
  const page = scene.build([{ ...INSTALL, wan: 1 * MB, cacheMounts: [mount('r', false)] }]).page(0);
  assert.is(page.cold?.bytes, 10 * MB, 'the cold run of the same instruction is what is left');
  assert.is(page.cold?.basis, 'derived');
});

test('a step that nobody metered is unknown and no baseline', () => {
  const scene = new Scene();
  const built = scene.build([{ ...INSTALL, unmetered: true, cacheMounts: [mount('r', true)] }]);
  assert.is(built.page(0).savings, undefined);
  assert.is(sumPages(built.ledger.values()).unknownSteps, 1);
  assert.is(scene.runs.length, 0);
});

test('a cache that two projects use: the second one can only be estimated, within what was downloaded', () => {
  const scene = new Scene();
  scene.build([{ ...INSTALL, wan: 10 * MB, cacheMounts: [mount('r', true)] }], { name: 'shop' });
  const page = scene
    .build([{ ...INSTALL, wan: 2 * MB, cacheMounts: [mount('r', false)] }], { name: 'blog', project: 'blog' })
    .page(0);
  assert.is(page.cold?.basis, 'estimated');
  assert.is(page.cold?.lowBytes, 2 * MB);
  assert.is(page.cold?.highBytes, 12 * MB);
});

test('a step that only looks at what another one left is given nothing of it, and may have saved all', () => {
  const scene = new Scene();
  const check = { instruction: 'RUN --mount=type=cache,target=/c test -e /c/x', kind: 'run' } as const;
  const built = scene.build([
    { ...INSTALL, wan: 5.19 * MB, cacheMounts: [mount('r', true)] },
    { ...check, wan: 0, cacheMounts: [mount('r', false)] },
  ]);
  const saved = saving(built.page(1), 'cache-mount');
  assert.is(saved.bytes, 0);
  assert.is(saved.basis, 'estimated');
  assert.equal([saved.lowBytes, saved.highBytes], [0, 5.19 * MB]);
  assert.is(built.page(1).isUnknown, false);
  assert.is(sumPages(built.ledger.values()).headlineBytes, 0);
  const unlike = (instruction: string) => ({ ...check, instruction: `${check.instruction} ${instruction}` });
  const asking = scene.build([{ ...unlike('ask'), wan: 20_000, cacheMounts: [mount('r', false)] }]).page(0);
  assert.is(asking.cold?.bytes, 20_000, 'asking whether something is new is next to nothing');
  const fetching = scene.build([{ ...unlike('fetch'), wan: MB, cacheMounts: [mount('r', false)] }]).page(0);
  assert.ok(saving(fetching, 'cache-mount').bytes > 0, 'who fetches would have fetched more');
});

test('a cached layer saves its cold cost; what it would cost with the mounts of today stands beside', () => {
  const scene = new Scene();
  const digest = 'sha256:same';
  scene.build([{ ...INSTALL, digest, wan: 10 * MB, cacheMounts: [mount('r', true)] }]);
  scene.build([{ ...INSTALL, digest, wan: 20_000, cacheMounts: [mount('r', false)] }]);
  const page = scene
    .build([{ ...INSTALL, digest, status: 'cached', cacheMounts: [mount(undefined, undefined)] }])
    .page(0);
  const saved = saving(page, 'layer-cache');
  assert.is(saved.bytes, 10 * MB);
  assert.is(saved.marginalBytes, 20_000);
  assert.is(saved.basis, 'measured');
  assert.is(sumPages([page]).headlineBytes, 0, 'the headline is cache mounts and proxies');
});

test('importing a cache counts against what it saves', () => {
  const scene = new Scene();
  const digest = 'sha256:same';
  scene.build([{ digest, wan: 10 * MB }]);
  const built = scene.build([
    { kind: 'internal', instruction: 'importing cache manifest from registry/app:cache', wan: 30_000 },
    { digest, status: 'cached' },
  ]);
  const sum = sumPages(built.ledger.values());
  assert.is(sum.byCause['layer-cache'], 10 * MB - 30_000);
  assert.is(sum.coldBytes, 10 * MB);
});

test('layers pulled from an imported cache may cost more than the step that they stand for', () => {
  const scene = new Scene();
  const digest = 'sha256:same';
  scene.build([{ digest, wan: 6 * MB }]);
  const page = scene.build([{ digest, status: 'cached', pullsCache: true, wan: 8 * MB }]).page(0);
  assert.is(saving(page, 'layer-cache').bytes, -2 * MB);
  const copy = scene.build([{ kind: 'copy', status: 'cached', pullsCache: true, wan: 1 * MB }]).page(0);
  assert.is(saving(copy, 'layer-cache').bytes, -1 * MB);
});

test('an image that was there saves what its pull took, or the sizes of its layers', () => {
  const scene = new Scene();
  const image = { kind: 'from', instruction: 'FROM debian:13@sha256:1', digest: 'sha256:image' } as const;
  const blob = (grown: boolean) => ({
    id: 'sha256:b',
    total: 20 * MB,
    samples: grown
      ? [
          { at: 1, current: 0 },
          { at: 2, current: 20 * MB },
        ]
      : [{ at: 1, current: 20 * MB }],
  });
  const attribution = 'inferred' as const;
  const partly = scene.build([{ ...image, attribution, wan: 0, blobs: [blob(false)] }]).page(0);
  assert.ok(saving(partly, 'local-image').lowBytes >= 20 * MB);
  assert.ok(saving(partly, 'local-image').bytes < 20 * MB * 1.05);
  const pulled = scene.build([{ ...image, attribution, wan: 20.8 * MB, blobs: [blob(true)] }]).page(0);
  assert.equal(pulled.savings, []);
  const local = scene.build([{ ...image, status: 'cached', wan: 3_000 }]).page(0);
  assert.is(saving(local, 'local-image').bytes, 20.8 * MB - 3_000);
  assert.is(saving(local, 'local-image').basis, 'measured');
});

test('what another build ran saves its cold cost here, and nothing twice there', () => {
  const scene = new Scene();
  const digest = 'sha256:same';
  const ran = scene.build([{ digest, wan: 8 * MB }]);
  const other = scene.build([{ digest, status: 'shared', sharedWith: ran.build.ref }]);
  assert.is(saving(other.page(0), 'shared-build').bytes, 8 * MB);
  assert.equal(ran.page(0).savings, []);
});

test('proxies: what they delivered less what they fetched; a range where nobody counts that', () => {
  const scene = new Scene();
  const proxies = [{ name: 'apt', bytes: 10 * MB }];
  const built = scene.build([{ proxies }]);
  const unknown = saving(built.page(0), 'proxy');
  assert.is(unknown.lowBytes, 0);
  assert.is(unknown.highBytes, 10 * MB);
  assert.is(unknown.basis, 'estimated');
  const interval = { from: 0, to: scene.now + DAY };
  scene.proxyPeriods.push({ name: 'apt', interval, deliveredBytes: 40 * MB, fetchedBytes: 10 * MB });
  assert.is(saving(built.page(0), 'proxy').bytes, 7.5 * MB);
  assert.is(saving(built.page(0), 'proxy').basis, 'measured');
  assert.is(built.page(0).actualBytes, 2.5 * MB);
  assert.is(built.page(0).cold?.bytes, 10 * MB);
});

test('what a proxy fetches beyond what it delivers is its overhead, no step saves less than nothing by it', () => {
  const scene = new Scene();
  const interval = { from: 0, to: scene.now + DAY };
  scene.proxyPeriods.push({ name: 'apt', interval, deliveredBytes: 10 * MB, fetchedBytes: 30 * MB });
  const page = scene.build([{ proxies: [{ name: 'apt', bytes: 10 * MB }] }]).page(0);
  assert.is(saving(page, 'proxy').bytes, 0);
});

test('a proxy saves even where the rest is unknown, and the step stays unknown', () => {
  const scene = new Scene();
  const proxies = [{ name: 'apt', bytes: 1 * MB }];
  const page = scene.build([{ ...INSTALL, proxies, cacheMounts: [mount('r', false)] }]).page(0);
  assert.is(page.isUnknown, true);
  assert.is(page.cold, undefined);
  assert.is(saving(page, 'proxy').highBytes, 1 * MB);
});

test('a difference that is noise is a residual and no saving', () => {
  const scene = new Scene();
  const digest = 'sha256:same';
  scene.build([{ ...INSTALL, digest, wan: 10 * MB, cacheMounts: [mount('r', true)] }]);
  const page = scene.build([{ ...INSTALL, digest, wan: 9.8 * MB, cacheMounts: [mount('r', false)] }]).page(0);
  assert.equal(page.savings, []);
  assert.is(page.residualBytes, 0.2 * MB);
});

test('a cache may cost more than it saves, and that is said', () => {
  const scene = new Scene();
  const digest = 'sha256:same';
  scene.build([{ ...INSTALL, digest, wan: 10 * MB, cacheMounts: [mount('r', true)] }]);
  const page = scene.build([{ ...INSTALL, digest, wan: 12 * MB, cacheMounts: [mount('r', false)] }]).page(0);
  assert.is(saving(page, 'cache-mount').bytes, -2 * MB);
});

test('--no-cache begins a new cache: attempts of before do not count', () => {
  const scene = new Scene();
  scene.build([{ ...INSTALL, wan: 10 * MB, cacheMounts: [mount('r', true)] }]);
  scene.build([{ ...INSTALL, wan: 9 * MB, cacheMounts: [mount('new', true)] }]);
  const page = scene.build([{ ...INSTALL, wan: 1 * MB, cacheMounts: [mount('new', false)] }]).page(0);
  assert.is(page.cold?.bytes, 10 * MB);
  assert.is(saving(page, 'cache-mount').bytes, 9 * MB);
});

test('what was declared is better than attempts, and worse than a cold run', () => {
  const scene = new Scene();
  const declared = [{ ...exactly(8 * MB), basis: 'derived', isOnTop: false, source: 'apt' } as const];
  const page = scene.build([{ ...INSTALL, declared, wan: 10_000, cacheMounts: [mount('r', false)] }]).page(0);
  assert.is(page.cold?.basis, 'derived');
  assert.is(page.cold?.bytes, Math.round(8 * MB * 1.038));
  assert.is(page.cold?.lowBytes, 8 * MB);
});

test('what a client took from its cache comes on top of what the step moved', () => {
  const scene = new Scene();
  const declared = [{ ...exactly(6 * MB), basis: 'derived', isOnTop: true, source: 'pip' } as const];
  const page = scene.build([{ ...INSTALL, declared, wan: 3 * MB, cacheMounts: [mount('r', false)] }]).page(0);
  assert.is(page.cold?.bytes, 3 * MB + Math.round(6 * MB * 1.038));
  assert.is(saving(page, 'cache-mount').bytes, Math.round(6 * MB * 1.038));
  const nothing = [{ ...exactly(0), basis: 'derived', isOnTop: true, source: 'pip' } as const];
  const again = scene.build([
    { ...INSTALL, declared: nothing, wan: 3 * MB, cacheMounts: [mount('s', false)] },
  ]);
  assert.is(again.page(0).cold?.bytes, 3 * MB);
});

test('an image that nobody saw being pulled costs what its manifest says; one that was measured, that', () => {
  const scene = new Scene();
  const image = { kind: 'from', name: '[1/2] FROM a:1', instruction: 'FROM a:1', status: 'cached' } as const;
  const declared = [{ ...exactly(20 * MB), basis: 'derived', isOnTop: false, source: 'manifest' } as const];
  const page = scene.build([{ ...image, declared }]).page(0);
  assert.is(page.cold?.basis, 'derived');
  assert.is(page.cold?.lowBytes, 20 * MB);
  assert.is(saving(page, 'local-image').bytes, Math.round(20 * MB * 1.038));
  assert.is(scene.build([image]).page(0).cold, undefined);
  // Where its files are needed, BuildKit prepares it, and fetches nothing.
  const needed = scene.build([{ ...image, status: 'done', wan: 0, declared }]).page(0);
  assert.is(saving(needed, 'local-image').bytes, Math.round(20 * MB * 1.038));
});

test('layers that another image had brought are part of what an image costs cold', () => {
  const scene = new Scene();
  const attribution = 'inferred' as const;
  const blob = (id: string, total: number, grown: boolean) => ({
    id,
    total,
    samples: [...(grown ? [{ at: 1, current: 0 }] : []), { at: 2, current: total }],
  });
  const manifest = [blob('sha256:m', 949, false), blob('sha256:c', 792, false)];
  const declared = [
    { ...exactly(10 * MB + 1741), basis: 'derived', isOnTop: false, source: 'manifest' } as const,
  ];
  const image = (n: number) =>
    ({
      kind: 'from',
      name: `[1/2] FROM a:${n}`,
      instruction: `FROM a:${n}@sha256:${n}`,
      attribution,
    }) as const;
  // Nothing but the manifest was told of: all layers were there, and are no cold pull of 2 kB.
  const nothing = scene.build([{ ...image(1), wan: 2758, blobs: manifest, declared }]).page(0);
  assert.is(nothing.cold?.basis, 'derived');
  assert.is(nothing.cold?.bytes, 2758 + Math.round((10 * MB + 1741) * 1.038));
  assert.is(scene.build([{ ...image(2), wan: 2758, blobs: manifest }]).page(0).cold, undefined);
  // One of two layers was fetched, the other not mentioned.
  const blobs = [...manifest, blob('sha256:l', 6 * MB, true)];
  const half = scene.build([{ ...image(3), wan: 6_228_000, blobs, declared }]).page(0);
  assert.is(half.cold?.basis, 'derived');
  assert.is(half.cold?.bytes, 6_228_000 + Math.round((4 * MB + 1741) * 1.038));
  assert.is(saving(half, 'local-image').bytes, half.cold!.bytes - 6_228_000);
  // The whole of it is measured.
  const whole = [...manifest, blob('sha256:l', 10 * MB, true)];
  const all = scene.build([{ ...image(4), wan: 10_380_000, blobs: whole, declared }]).page(0);
  assert.equal([all.cold?.basis, all.cold?.bytes], ['measured', 10_380_000]);
});

test('layers that were fetched are no saving of an image, whoever has their bytes', () => {
  const scene = new Scene();
  const samples = [
    { at: 1, current: 0 },
    { at: 2, current: 6 * MB },
  ];
  const manifest = { id: 'sha256:m', total: 949, samples: [{ at: 1, current: 949 }] };
  const blobs = [manifest, { id: 'sha256:l', total: 6 * MB, samples }];
  const declared = [{ ...exactly(8 * MB), basis: 'derived', isOnTop: false, source: 'manifest' } as const];
  const image = { kind: 'from', name: '[1/2] FROM a:1', instruction: 'FROM a:1' } as const;
  const page = scene.build([{ ...image, blobs, declared, attribution: 'inferred', wan: 0 }]).page(0);
  assert.is(page.cold?.bytes, Math.round(8 * MB * 1.038));
  assert.is(saving(page, 'local-image').bytes, Math.round(8 * MB * 1.038) - Math.round(6 * MB * 1.038));
  assert.is(page.residualBytes, Math.round(6 * MB * 1.038));
});

test('baselines age: after half a year a cold run says nothing', () => {
  const scene = new Scene();
  const digest = 'sha256:same';
  scene.build([{ digest, wan: 10 * MB }]);
  scene.now += 179 * DAY;
  assert.is(scene.build([{ digest, status: 'cached' }]).page(0).cold?.bytes, 10 * MB);
  scene.now += 2 * DAY;
  assert.is(scene.build([{ digest, status: 'cached' }]).page(0).cold, undefined);
});

test('several cold runs: the median, and from the lowest to the highest', () => {
  const scene = new Scene();
  const digest = 'sha256:same';
  for (const wan of [10 * MB, 12 * MB, 11 * MB]) scene.build([{ digest, wan }]);
  const cold = scene.build([{ digest, status: 'cached' }]).page(0).cold;
  assert.is(cold?.bytes, 11 * MB);
  assert.is(cold?.lowBytes, 10 * MB);
  assert.is(cold?.highBytes, 12 * MB);
});

test('an ADD that was only asked for is cached, and no baseline', () => {
  const scene = new Scene();
  const add = {
    kind: 'add',
    instruction: 'ADD http://x/f /f',
    digest: 'sha256:add',
    attribution: 'inferred',
  } as const;
  const copy: SceneStep = { kind: 'copy', instruction: 'ADD http://x/f /f', inputs: ['sha256:add'] };
  scene.build([{ ...add, wan: 5 * MB }, copy]);
  const page = scene
    .build([
      { ...add, wan: 900 },
      { ...copy, status: 'cached' },
    ])
    .page(0);
  assert.is(saving(page, 'layer-cache').bytes, 5 * MB - 900);
  assert.is(scene.runs.length, 1);
});

test('an ADD that was fetched is a baseline, though what came was the same and its copying cached', () => {
  const scene = new Scene();
  const digest = 'sha256:marked';
  const add = { kind: 'add', instruction: 'ADD http://x/f#netmeter-0a /f', attribution: 'inferred' } as const;
  const copy: SceneStep = { kind: 'copy', instruction: add.instruction, status: 'cached', inputs: [digest] };
  const page = scene.build([{ ...add, digest, wan: 5 * MB }, copy]).page(0);
  assert.equal(page.savings, []);
  assert.is(page.cold?.bytes, 5 * MB);
  const plain = { ...add, instruction: 'ADD http://x/f /f', digest: 'sha256:add' };
  const users: SceneStep = { ...copy, inputs: [plain.digest] };
  const asked = scene.build([{ ...plain, wan: 900 }, users]).page(0);
  assert.is(saving(asked, 'layer-cache').bytes, 5 * MB - 900);
});

test('work avoided is the cold duration less its own', () => {
  const scene = new Scene();
  const digest = 'sha256:same';
  scene.build([{ digest, wan: 1 * MB, intervals: [{ startedAt: 0, completedAt: 90_000 }] }]);
  const page = scene.build([{ digest, status: 'cached', intervals: [] }]).page(0);
  assert.is(page.workAvoidedMs, 90_000);
});

test.run();
