import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ExecutionJoin } from '../../../src/builds/join.js';
import type { StepDefinition } from '../../../src/builds/join-definitions.js';
import type { Build, Execution, LayerRecord } from '../../../src/builds/types.js';
import { build, execution, step, T0, volume } from './join-scene.js';

function ended(end: number | undefined): [number, number?] {
  return end === undefined ? [100] : [100, end];
}

/** Everything is known at once, and long over. */
function joined(builds: Build[], executions: Execution[]): ExecutionJoin {
  const join = new ExecutionJoin();
  for (const one of builds) join.build(one);
  for (const one of executions) join.execution(one);
  for (let round = 0; round < 5; round++) join.update(T0 + 60_000);
  return join;
}

function found(join: ExecutionJoin, ...ids: string[]): string[] {
  return ids.map((id) => {
    const match = join.match(id);
    return match === undefined
      ? `${id}: nothing`
      : `${id}: ${match.ref} ${match.digest} ${match.attribution}`;
  });
}

function layer(description: string, more: Partial<LayerRecord> = {}): LayerRecord {
  return { id: 'l', description, createdAt: undefined, images: [], ...more };
}

test('one command, one vertex', () => {
  const join = joined(
    [build('b', [step('v', '[2/2] RUN make 1', { ran: [100, 900] })], [0, 1000])],
    [execution('e', 'make $X', { ran: [120, 880], env: ['X=1'] })],
  );
  assert.equal(found(join, 'e'), ['e: b v exact']);
  assert.is(join.open, 0);
  assert.equal(
    join.processesOf('v').map(({ match }) => match.executorId),
    ['e'],
  );
});

test('times that a client told may be late', () => {
  const told = (lateBy?: number): Build => ({
    ...build('b', [step('v', '[2/2] RUN make', { ran: [500, 1000] })], [0, 1100]),
    ...(lateBy !== undefined && { lateBy }),
  });
  const executions = [execution('e', 'make', { ran: [120, 880] })];
  assert.equal(found(joined([told()], executions), 'e'), ['e: nothing']);
  assert.equal(found(joined([told(500)], executions), 'e'), ['e: b v exact']);
  assert.equal(found(joined([told(200)], executions), 'e'), ['e: nothing']);
  // Its beginning and its end were printed at once.
  const atOnce = {
    ...build('b', [step('v', '[2/2] RUN make', { ran: [900, 900] })], [0, 1100]),
    lateBy: 800,
  };
  assert.equal(found(joined([atOnce], executions), 'e'), ['e: b v exact']);
});

test('another command, another time, another engine: no match', () => {
  const b = build('b', [step('v', '[2/2] RUN make', { ran: [100, 900] })], [0, 1000]);
  const join = joined(
    [b],
    [
      execution('other', 'make all', { ran: [120, 880] }),
      execution('before', 'make', { ran: [20, 80] }),
      execution('longer', 'make', { ran: [120, 2000] }),
      execution('elsewhere', 'make', { ran: [120, 880], engine: 'remote' }),
    ],
  );
  assert.equal(found(join, 'other', 'before', 'longer', 'elsewhere'), [
    'other: nothing',
    'before: nothing',
    'longer: nothing',
    'elsewhere: nothing',
  ]);
});

test('a cached vertex ran nothing, and one that was only looked up', () => {
  const steps = [
    step('u', '[c 2/2] RUN make', { ran: [119, 122] }),
    step('v', '[a 2/2] RUN make', { ran: [100, 900], status: 'cached' }),
    step('w', '[b 2/2] RUN make', { ran: [100, 900] }),
  ];
  const join = joined([build('b', steps)], [execution('e', 'make', { ran: [121, 880], aliveAt: undefined })]);
  assert.equal(found(join, 'e'), ['e: b w exact']);
});

test('is not sure before the stream had time to catch up, and is afterwards', () => {
  const join = new ExecutionJoin();
  join.build(build('b', [step('v', '[a 2/2] RUN make', { ran: [100] })]));
  join.execution(execution('e', 'make', { ran: [120] }));
  assert.equal(
    join.update(T0 + 200).map(({ attribution }) => attribution),
    ['inferred'],
  );
  assert.equal(join.update(T0 + 2000), []);
  assert.equal(
    join.update(T0 + 6000).map(({ attribution }) => attribution),
    ['exact'],
  );
  assert.equal(join.update(T0 + 7000), []);
});

test('a vertex that turns up late is still considered', () => {
  const join = new ExecutionJoin();
  const wrong = step('wrong', '[a 2/2] RUN make', { ran: [0] });
  join.build(build('b', [wrong]));
  join.execution(execution('e', 'make', { ran: [120] }));
  join.update(T0 + 130);
  assert.is(join.match('e')?.digest, 'wrong');
  join.build(build('b', [wrong, step('right', '[b 2/2] RUN make', { ran: [110] })]));
  join.execution(execution('f', 'make', { ran: [10] }));
  join.update(T0 + 6000);
  assert.equal(found(join, 'e', 'f'), ['e: b right exact', 'f: b wrong exact']);
});

test('what is exact stays', () => {
  const join = joined(
    [build('b', [step('v', '[a 2/2] RUN make', { ran: [100, 900] })])],
    [execution('e', 'make', { ran: [120, 880] })],
  );
  join.build(
    build('b', [
      step('v', '[a 2/2] RUN make', { ran: [100, 900] }),
      step('w', '[b 2/2] RUN make', { ran: [119, 881] }),
    ]),
  );
  join.update(T0 + 70_000);
  assert.equal(found(join, 'e'), ['e: b v exact']);
});

const SAME = [1, 2, 3, 4, 5, 6];

test('the same command in parallel stages: told apart by the names of copied layers', () => {
  const steps = SAME.flatMap((i) => [
    step(`c${i}`, `[s${i} 2/3] COPY f${i} /url`, { ran: [10, 50] }),
    step(`v${i}`, `[s${i} 3/3] RUN wget $(cat /url)`, { inputs: [`c${i}`], ran: [100, 9000] }),
  ]);
  const order = [4, 2, 6, 1, 3, 5];
  const executions = order.map((i, at) =>
    execution(`e${i}`, 'wget $(cat /url)', {
      ran: [120 + at, 8990],
      lineage: [layer(`[s${i} 2/3] COPY f${i} /url`, { createdAt: T0 + 30 }), layer('from local ')],
    }),
  );
  const join = joined([build('b', steps)], executions);
  assert.equal(
    found(join, ...SAME.map((i) => `e${i}`)),
    SAME.map((i) => `e${i}: b v${i} exact`),
  );
});

test('the same command on different images', () => {
  const steps = [
    step('fa', '[a 1/2] FROM docker.io/library/one:2', { ran: [0, 10] }),
    step('fb', '[b 1/2] FROM registry:5000/two:latest@sha256:12', { ran: [0, 10] }),
    step('va', '[a 2/2] RUN make', { inputs: ['fa'], ran: [100, 900] }),
    step('vb', '[b 2/2] RUN make', { inputs: ['fb'], ran: [100, 900] }),
  ];
  const join = joined(
    [build('b', steps)],
    [
      execution('e2', 'make', {
        ran: [120, 880],
        lineage: [layer('pulled from registry:5000/two:latest@sha256:12')],
      }),
      execution('e1', 'make', { ran: [121, 880], lineage: [layer('from local ', { images: ['one:2'] })] }),
    ],
  );
  assert.equal(found(join, 'e1', 'e2'), ['e1: b va exact', 'e2: b vb exact']);
});

test('the same commands all along: told apart by the first that differs', () => {
  const steps = SAME.slice(0, 2).flatMap((i) => [
    step(`x${i}`, `[s${i} 2/4] RUN echo ${i}`, { inputs: ['f'], ran: [10, 50] }),
    step(`y${i}`, `[s${i} 3/4] RUN make`, { inputs: [`x${i}`], ran: [60, 500] }),
    step(`z${i}`, `[s${i} 4/4] RUN test`, { inputs: [`y${i}`], ran: [510, 900] }),
  ]);
  const executions = [2, 1].flatMap((i) => [
    execution(`x${i}`, `echo ${i}`, { ran: [15, 40] }),
    execution(`y${i}`, 'make', { ran: [65, 490], lowerIds: [`layer-x${i}`] }),
    execution(`z${i}`, 'test', { ran: [515, 890], lowerIds: [`layer-y${i}`, `layer-x${i}`] }),
  ]);
  const join = joined([build('b', steps)], executions);
  const ids = executions.map(({ id }) => id);
  assert.equal(
    found(join, ...ids),
    ids.map((id) => `${id}: b ${id} exact`),
  );
});

test('not on the layer that its vertex would stand on, or on one that another stands on', () => {
  const steps = [
    step('x', '[a 2/4] RUN prepare', { inputs: ['f'], ran: [10, 50] }),
    step('c', '[a 3/4] COPY . .', { inputs: ['x'], ran: [51, 55] }),
    step('v', '[a 4/4] RUN make', { inputs: ['c'], ran: [100, 900] }),
    step('w', '[b 2/2] RUN make', { inputs: ['f'], ran: [100, 900] }),
    step('y', '[c 2/3] RUN other', { inputs: ['f'], ran: [10, 50] }),
    step('z', '[c 3/3] RUN make', { inputs: ['y'], ran: [100, 900] }),
  ];
  const before = [execution('x', 'prepare', { ran: [15, 45] }), execution('y', 'other', { ran: [15, 45] })];
  const made = (vertices: string[], lowerIds: string[]) => {
    const known = steps.filter(({ digest }) => vertices.includes(digest) || !'vwz'.includes(digest));
    const e = execution('e', 'make', { ran: [120, 880], lowerIds });
    return found(joined([build('b', known)], [...before, e]), 'e')[0];
  };
  assert.is(made(['v', 'w'], ['copied', 'layer-x', 'base']), 'e: b v exact');
  assert.is(made(['w', 'z'], ['base']), 'e: b w exact');
  assert.is(made(['v', 'w', 'z'], ['layer-y', 'base']), 'e: b z exact');
});

test('told apart by what was run on top of it', () => {
  const steps = [1, 2].flatMap((i) => [
    step(`y${i}`, `[s${i} 2/3] RUN make`, { inputs: ['f'], ran: [60, 500] }),
    step(`z${i}`, `[s${i} 3/3] RUN test ${i}`, { inputs: [`y${i}`], ran: [510, 900] }),
  ]);
  const executions = [2, 1].flatMap((i) => [
    execution(`y${i}`, 'make', { ran: [65, 490] }),
    execution(`z${i}`, `test ${i}`, { ran: [515, 890], lowerIds: [`layer-y${i}`] }),
  ]);
  const join = joined([build('b', steps)], executions);
  assert.equal(found(join, 'y1', 'y2'), ['y1: b y1 exact', 'y2: b y2 exact']);
});

test('the same command, nothing else: told apart once they end', () => {
  const join = new ExecutionJoin();
  const vertices = (ends: (number | undefined)[]) =>
    build(
      'b',
      [1, 2, 3].map((i) => step(`v${i}`, `[s${i} 2/2] RUN make`, { ran: ended(ends[i - 1]) })),
    );
  join.build(vertices([]));
  for (const i of [3, 1, 2]) join.execution(execution(`e${i}`, 'make', { ran: [120 - i] }));
  join.update(T0 + 5000);
  assert.ok(['e1', 'e2', 'e3'].every((id) => join.match(id)?.attribution === 'inferred'));
  // One vertex completes, and two processes are still there: they are not it.
  for (const i of [3, 1]) join.execution(execution(`e${i}`, 'make', { ran: [120 - i], aliveAt: T0 + 6100 }));
  join.execution(execution('e2', 'make', { ran: [118, 6000] }));
  join.build(vertices([undefined, 6020, undefined]));
  join.update(T0 + 7000);
  assert.equal(found(join, 'e2'), ['e2: b v2 exact']);
  join.execution(execution('e1', 'make', { ran: [119], aliveAt: T0 + 8100 }));
  join.execution(execution('e3', 'make', { ran: [117, 8000] }));
  join.build(vertices([undefined, 6020, 8020]));
  join.update(T0 + 9000);
  assert.equal(found(join, 'e1', 'e3'), ['e1: b v1 exact', 'e3: b v3 exact']);
});

test('the same command, same times: inferred by order, exact with the provenance', () => {
  const steps = SAME.map((i) => step(`v${i}`, `[s${i} 2/2] RUN ./fetch`, { ran: [100 + i, 2000 + i] }));
  const executions = SAME.map((i) =>
    execution(`e${i}`, './fetch', { ran: [130 + i, 1990], env: ['PATH=/bin', `URL=${i}`] }),
  );
  const join = joined([build('b', steps)], executions);
  assert.equal(
    found(join, ...SAME.map((i) => `e${i}`)),
    SAME.map((i) => `e${i}: b v${i} inferred`),
  );
  const backwards = SAME.map((i) => {
    const definition: StepDefinition = {
      args: ['/bin/sh', '-c', './fetch'],
      env: ['PATH=/bin', `URL=${i}`],
      cwd: '/',
    };
    return [`v${7 - i}`, definition] as const;
  });
  join.define(new Map<string, StepDefinition>(backwards));
  join.update(T0 + 61_000);
  assert.equal(
    found(join, ...SAME.map((i) => `e${i}`)),
    SAME.map((i) => `e${i}: b v${7 - i} exact`),
  );
});

test('a layer of this build with another name than the only vertex has: not sure', () => {
  const steps = [
    step('c', '[a 2/3] COPY x /x', { ran: [10, 20] }),
    step('v', '[a 3/3] RUN make', { inputs: ['c'], ran: [100, 900] }),
  ];
  const copied = (description: string, createdAt: number) => [
    layer(description, { createdAt: T0 + createdAt }),
  ];
  const made = (lineage: LayerRecord[]) =>
    found(joined([build('b', steps)], [execution('e', 'make', { ran: [120, 880], lineage })]), 'e')[0];
  assert.is(made(copied('[b 2/3] COPY y /x', 15)), 'e: b v inferred');
  assert.is(made(copied('[b 2/3] COPY y /x', -90_000)), 'e: b v exact');
  assert.is(made(copied('[a 2/3] COPY x /x', 15)), 'e: b v exact');
});

test('a cached layer may bear the name of an older stage', () => {
  const steps = ['a', 'b'].flatMap((s) => [
    step(`c${s}`, `[${s} 2/3] COPY ${s} /x`, { ran: [10, 11], status: 'cached' }),
    step(`v${s}`, `[${s} 3/3] RUN make`, { inputs: [`c${s}`], ran: [100, 900] }),
  ]);
  const executions = ['b', 'a'].map((s) =>
    execution(`e${s}`, 'make', {
      ran: [120, 880],
      lineage: [layer(`[old 4/9] COPY ${s} /x`, { createdAt: 1 })],
    }),
  );
  const join = joined([build('b', steps)], executions);
  assert.equal(found(join, 'ea', 'eb'), ['ea: b va exact', 'eb: b vb exact']);
});

test('the same command with other mounts', () => {
  const steps = [
    step('bind-f', '[a 2/2] RUN --mount=type=bind,source=f,target=/url get', { ran: [100, 900] }),
    step('bind-g', '[b 2/2] RUN --mount=type=bind,source=g,target=/url get', { ran: [100, 900] }),
    step('cache-x', '[c 2/2] RUN --mount=type=cache,id=x,target=/c get', { ran: [100, 900] }),
    step('cache-y', '[d 2/2] RUN --mount=type=cache,id=y,target=/c get', { ran: [100, 900] }),
    step('none', '[e 2/2] RUN get', { ran: [100, 900] }),
  ];
  const mounts = {
    none: [],
    'cache-y': [volume('/c', { cacheId: '/y' })],
    'cache-x': [volume('/c', { cacheId: 'ns/x' })],
    'bind-g': [volume('/url', { path: '/g', readOnly: true })],
    'bind-f': [volume('/url', { path: '/f', readOnly: true })],
  };
  const executions = Object.entries(mounts).map(([id, list]) =>
    execution(id, 'get', { ran: [120, 880], mounts: list }),
  );
  const join = joined([build('b', steps)], executions);
  const ids = Object.keys(mounts);
  assert.equal(
    found(join, ...ids),
    ids.map((id) => `${id}: b ${id} exact`),
  );
});

test('a vertex that was run again has both processes', () => {
  const join = joined(
    [build('b', [step('v', '[2/2] RUN make', { ran: [100, 2000] })])],
    [execution('first', 'make', { ran: [120, 500] }), execution('second', 'make', { ran: [600, 1990] })],
  );
  assert.equal(found(join, 'first', 'second'), ['first: b v exact', 'second: b v exact']);
});

test('two processes at a time for one vertex: one of them is of a build that is not known', () => {
  const join = joined(
    [build('b', [step('v', '[2/2] RUN make', { ran: [100, 2000] })])],
    [execution('one', 'make', { ran: [120, 1900] }), execution('two', 'make', { ran: [130, 1990] })],
  );
  const matches = ['one', 'two'].map((id) => join.match(id)).filter((match) => match !== undefined);
  assert.is(matches.length, 1);
  assert.is(matches[0]?.attribution, 'inferred');
});

test('several platforms: a vertex each', () => {
  const names = ['linux/amd64', 'linux/arm64'];
  const join = joined(
    [
      build(
        'b',
        names.map((p) => step(p, `[${p} 2/2] RUN build ${p}`, { ran: [100, 900] })),
      ),
    ],
    names.map((p) =>
      execution(p, 'build $TARGETPLATFORM', { ran: [120, 880], env: [`TARGETPLATFORM=${p}`] }),
    ),
  );
  assert.equal(
    found(join, ...names),
    names.map((p) => `${p}: b ${p} exact`),
  );
});

test('under emulation', () => {
  const join = joined(
    [build('b', [step('v', '[2/2] RUN make', { ran: [100, 900] })])],
    [
      {
        ...execution('e', '', { ran: [120, 880] }),
        args: ['/dev/.buildkit_qemu_emulator', '/bin/sh', '-c', 'make'],
      },
    ],
  );
  assert.equal(found(join, 'e'), ['e: b v exact']);
});

test('a step that two builds share is of the one that was there first', () => {
  const shared = step('v', '[2/2] RUN make', { ran: [100, 5000] });
  const builds = [build('second', [shared], [1000, 6000]), build('first', [shared], [0, 5500])];
  const join = joined(builds, [execution('e', 'make', { ran: [120, 4900] })]);
  assert.equal(found(join, 'e'), ['e: first v exact']);
});

test('the same vertex in builds one after the other', () => {
  const builds = [
    build('first', [step('v', '[2/2] RUN make', { ran: [100, 500] })], [0, 600]),
    build('second', [step('v', '[2/2] RUN make', { ran: [1100, 1500] })], [1000, 1600]),
  ];
  const join = joined(builds, [
    execution('e1', 'make', { ran: [120, 490] }),
    execution('e2', 'make', { ran: [1120, 1490] }),
  ]);
  assert.equal(found(join, 'e1', 'e2'), ['e1: first v exact', 'e2: second v exact']);
});

test('a process of which only the time is known', () => {
  const steps = [
    step('v', '[2/4] RUN make', { ran: [100, 900] }),
    step('w', '[3/4] RUN test', { ran: [1000, 1900] }),
  ];
  const join = joined([build('b', steps)], [execution('e', 'make', { ran: [120, 880] })]);
  join.sighting({ id: 's', engine: 'lab', seenAt: T0 + 1100, goneAt: T0 + 1200 });
  join.sighting({ id: 's', engine: 'lab', seenAt: T0 + 1050, goneAt: T0 + 1800 });
  // The only vertex that ran then has its process.
  join.sighting({ id: 't', engine: 'lab', seenAt: T0 + 200, goneAt: T0 + 300 });
  join.update(T0 + 61_000);
  assert.equal(found(join, 's', 't'), ['s: b w inferred', 't: nothing']);
  assert.is(join.processesOf('w')[0]?.from, T0 + 1050);
  assert.is(join.processesOf('w')[0]?.until, T0 + 1800);
});

test('another process of some time or other is no second one of a vertex that has its own', () => {
  const join = joined(
    [build('b', [step('v', '[2/2] RUN make', { ran: [100, 900] })])],
    [execution('e', 'make', { ran: [120, 880] })],
  );
  // Another engine's, say, of which is known only that it was there between two ticks.
  join.sighting({ id: 's', engine: 'lab', seenAt: T0 - 5000, goneAt: T0 + 7000 });
  join.update(T0 + 61_000);
  assert.equal(found(join, 'e', 's'), ['e: b v exact', 's: nothing']);
});

test('of two processes, time alone gives none to a vertex', () => {
  const join = joined([build('b', [step('v', '[2/2] RUN make', { ran: [100, 900] })])], []);
  for (const id of ['s', 't']) {
    join.sighting({ id, engine: 'lab', seenAt: T0 - 5000, goneAt: T0 + 7000 });
  }
  join.update(T0 + 61_000);
  assert.equal(found(join, 's', 't'), ['s: nothing', 't: nothing']);
});

test('of two vertices, time alone chooses none', () => {
  const steps = [
    step('v', '[a 2/2] RUN make', { ran: [100, 900] }),
    step('w', '[b 2/2] RUN test', { ran: [100, 900] }),
  ];
  const join = joined([build('b', steps)], []);
  join.sighting({ id: 's', engine: 'lab', seenAt: T0 + 200, goneAt: T0 + 800 });
  join.update(T0 + 61_000);
  assert.equal(found(join, 's'), ['s: nothing']);
});

test('processes that nobody saw, of vertices one after the other, are these in their order', () => {
  const steps = [
    step('u', '[2/4] RUN before', { ran: [0, 90] }),
    step('v', '[3/4] RUN make', { ran: [100, 900] }),
    step('w', '[4/4] RUN test', { ran: [900, 1900] }),
  ];
  const unseen = (orders: [string, number | undefined][], of = steps) => {
    const join = joined([build('b', of)], [execution('e', 'before', { ran: [10, 80] })]);
    for (const [id, order] of orders) {
      join.sighting({ id, engine: 'lab', seenAt: T0 + 95, goneAt: T0 + 7000, order });
    }
    join.update(T0 + 61_000);
    // Seen once more, as when the last packets of its connections end.
    join.sighting({ id: 's', engine: 'lab', seenAt: T0 + 7000, goneAt: T0 + 8000 });
    join.update(T0 + 62_000);
    return found(join, 's', 't');
  };
  const later: [string, number | undefined][] = [
    ['s', 43],
    ['t', 42],
  ];
  assert.equal(unseen(later), ['s: b w inferred', 't: b v inferred']);
  const nothing = ['s: nothing', 't: nothing'];
  assert.equal(unseen([...later, ['x', 44]]), nothing, 'more processes than vertices');
  assert.equal(
    unseen([
      ['s', 43],
      ['t', undefined],
    ]),
    nothing,
    'order not known',
  );
  const atOnce = [...steps.slice(0, 2), step('w', '[b 2/2] RUN test', { ran: [800, 1900] })];
  assert.equal(unseen(later, atOnce), nothing, 'two at once');
  const more = [...steps, step('x', '[5/5] RUN more', { ran: [1900, 2000] })];
  assert.equal(unseen(later, more), nothing, 'fewer processes than vertices');
});

test('gives up in the end, and costs nothing then', () => {
  const join = joined([], [execution('e', 'make', { ran: [120, 880] })]);
  assert.is(join.open, 1);
  join.update(T0 + 700_000);
  assert.is(join.open, 0);
});

test.run();
