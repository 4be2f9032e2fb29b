// Flags of RUN whose values have blanks that the step's name does not quote, as Engine 28 shows them.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cacheMountsOf } from '../../../src/builds/cache-mounts.js';
import { ExecutionJoin } from '../../../src/builds/join.js';
import type { Build, Execution } from '../../../src/builds/types.js';
import { build, execution, step, T0, volume } from './join-scene.js';

/** `id=my\ cache-$WHO` with WHO="you and me". */
const ESCAPED = 'RUN --mount=type=cache,id=my cache-you and me,target=/c wget -O /c/x $URL';
const WANTED = volume('/c', { cacheId: '/my cache-you and me', snapshotId: 'r1' });
const COMMAND = 'wget -O /c/x $URL';

function matchOf(builds: Build, ...executions: Execution[]) {
  const join = new ExecutionJoin();
  join.build(builds);
  for (const each of executions) join.execution(each);
  // Nothing is sure so early; what is found has to be found again.
  join.update(T0 + 200);
  for (let round = 0; round < 5; round++) join.update(T0 + 60_000);
  return executions
    .map(({ id }) => join.match(id))
    .map((match) => match && `${match.digest} ${match.attribution}`);
}

test('a step is found by the command at the end of its name, if all before it are flags for its very mounts', () => {
  const b = build('b', [step('v', `[2/2] ${ESCAPED}`, { ran: [100, 900] })], [0, 1000]);
  const ran: [number, number] = [120, 880];
  assert.equal(matchOf(b, execution('e', COMMAND, { ran, mounts: [WANTED] })), ['v exact']);
  assert.equal(matchOf(b, execution('e', COMMAND, { ran, mounts: [volume('/c', { cacheId: '/my' })] })), [
    undefined,
  ]);
  assert.equal(
    matchOf(b, execution('e', 'x $URL', { ran, mounts: [WANTED] })),
    [undefined],
    'another command',
  );
});

test('a command that ends like another one is not that one', () => {
  const name = '[2/2] RUN --mount=type=cache,target=/c sleep 1; make';
  const b = build('b', [step('v', name, { ran: [100, 900] })], [0, 1000]);
  const mounts = [volume('/c', { cacheId: '//c' })];
  assert.equal(matchOf(b, execution('e', 'make', { ran: [120, 880], mounts })), [undefined]);
});

test('a target with blanks, an id in quotes that nothing was expanded in, a variable that is not set', () => {
  const cases: [instruction: string, target: string, cacheId: string][] = [
    ['RUN --mount=type=cache,id=x,target=/my files wget -O /c/x $URL', '/my files', '/x'],
    ["RUN --mount=type=cache,id='to $WHO',target=/c wget -O /c/x $URL", '/c', '/to you'],
    ['RUN --mount=type=cache,id=x-$NOPE,target=/c wget -O /c/x $URL', '/c', '/x-'],
    [`RUN --mount=type=cache,id=x-\${NOPE:-y},target=/c wget -O /c/x $URL`, '/c', '/x-y'],
  ];
  for (const [instruction, target, cacheId] of cases) {
    const others = ['one', 'two'].map((each) => instruction.replace(/id=[^,]*/, `id=${each}`));
    const steps = [instruction, ...others].map((each, i) =>
      step(`v${i}`, `[s${i} 2/2] ${each}`, { ran: [100, 900] }),
    );
    const mounts = [volume(target, { cacheId, snapshotId: 'r1' })];
    const process = execution('e', COMMAND, { ran: [120, 880], mounts });
    assert.match(matchOf(build('b', steps, [0, 1000]), process)[0] ?? '', /^v0 /, instruction);
    const [mount] = cacheMountsOf(instruction, [process]);
    assert.equal([mount?.id, mount?.target, mount?.recordId], [cacheId.slice(1), target, 'r1'], instruction);
  }
});

test('what its cache mounts are is told with blanks, too', () => {
  const process = execution('e', COMMAND, { ran: [120, 880], mounts: [WANTED] });
  const [mount, ...others] = cacheMountsOf(ESCAPED, [process]);
  assert.equal([mount?.id, mount?.target, mount?.recordId], ['my cache-you and me', '/c', 'r1']);
  assert.is(others.length, 0);
});

test.run();
