// How a real engine names steps. Its names are recorded for the tests that need no engine: UPDATE_GOLDEN=1.
import { writeFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { compareCommand } from '../../../src/builds/command.js';
import { docker, engine, labSuite } from '../harness/index.js';
import { buildRaw } from './executor-scene.js';
import { CORPUS, ENVIRONMENT, SHELL, VARIABLES } from './run-corpus.js';

const FIXTURE = new URL('../../fixtures/executor/run-names-28.json', import.meta.url);
const test = labSuite('lab: names of RUN steps');

test('are those of the processes that they run', 300_000, async () => {
  const variables = Object.entries(VARIABLES).map(([name, value]) => `${name}=${value}`);
  const setup = `ENV ${variables.join(' ')}\nSHELL ${JSON.stringify(SHELL)}`;
  const stages = CORPUS.map(([instruction], i) => `FROM nm-busybox AS s${i}\n${setup}\n${instruction}\n`);
  const copies = CORPUS.map((_, i) => `COPY --from=s${i} /bin/true /s${i}`);
  const dockerfile = [...stages, 'FROM scratch', ...copies].join('\n');
  const { names, exitCode } = await buildRaw(engine('28').client, dockerfile, { flags: ['--no-cache'] });
  assert.is(exitCode, 0);
  const shown = new Map<number, string>();
  for (const name of names.values()) {
    const [, stage, instruction] = /^\[s(\d+) \d+\/\d+\] (RUN .*)$/s.exec(name) ?? [];
    if (stage !== undefined && instruction !== undefined) shown.set(Number(stage), instruction);
  }
  assert.is(shown.size, CORPUS.length);
  const recorded = CORPUS.map(([, args], i) => ({ name: shown.get(i) ?? '', args }));
  for (const { name, args } of recorded) {
    assert.is(compareCommand(name, args, ENVIRONMENT), 'same', `${name}\nis not\n${JSON.stringify(args)}`);
  }
  if (process.env.UPDATE_GOLDEN !== undefined) {
    const { stdout } = await docker('28', ['version', '--format', '{{.Server.Version}}']);
    const fixture = { engine: stdout.trim(), env: ENVIRONMENT, steps: recorded };
    writeFileSync(FIXTURE, `${JSON.stringify(fixture, undefined, 1)}\n`);
  }
});

test.run();
