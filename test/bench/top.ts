// What `netmeter top` costs while a build of 30 steps (or of as many as the second argument says) runs: the real
// program in a terminal (tmux), told by a real server on a real socket what a daemon tells. Exits with 1 above the
// limit. Needs tmux and `npm run build`.
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { StepDocument } from '../../src/protocol/documents.js';
import type { EventBody } from '../../src/protocol/messages.js';
import { build, received, status, step } from '../cli/ui/scene.js';
import { startServer } from '../daemon/server/harness.js';
import { cpuSeconds, residentMb } from './processes.js';

const PROGRAM = fileURLToPath(new URL('../../dist/cli/main.cjs', import.meta.url));
const WARM_UP_SECONDS = 5;
const WATCH_SECONDS = Number(process.argv[2] ?? 30);
const STEPS = Number(process.argv[3] ?? 30);
/** Of one core. */
const LIMIT = 0.02;
const TERMINAL = ['-L', `netmeter-bench-${process.pid}`, '-f', '/dev/null'];

const server = await startServer(
  {
    subscribe: (_, { subscribe }) => {
      subscribe?.();
      return {};
    },
  },
  {
    status: () => status(),
    builds: () => ({ schema: 1, builds: [build({ startedAt: new Date().toISOString() })] }),
  },
);
try {
  const words = [
    'env',
    'LC_ALL=C.UTF-8',
    `NETMETER_STATE_DIR=${server.dir}`,
    process.execPath,
    PROGRAM,
    'top',
  ];
  tmux('new-session', '-d', '-x', '120', '-y', '40', ['exec', ...words].join(' '));
  const pid = Number(tmux('list-panes', '-F', '#{pane_pid}'));
  for (let second = 0; second < WARM_UP_SECONDS; second++) await tell(second);
  const before = cpuSeconds(pid);
  const began = performance.now();
  for (let second = 0; second < WATCH_SECONDS; second++) await tell(WARM_UP_SECONDS + second);
  const share = (cpuSeconds(pid) - before) / ((performance.now() - began) / 1000);
  const shown = tmux('capture-pane', '-p').split('\n');
  if (!shown.some((line) => line.includes('RUN make part-')))
    throw new Error(`nothing is shown:\n${shown.join('\n')}`);
  console.log(`netmeter top, a build of ${STEPS} steps: ${(100 * share).toFixed(2)} % of a core (limit 2 %)`);
  console.log(`memory: ${residentMb(pid).toFixed(0)} MB`);
  if (share > LIMIT) process.exitCode = 1;
} finally {
  tmux('kill-server');
  await server.close();
}

/** What a daemon tells in one second: a sample, and the build with the bytes its steps have by now. */
async function tell(second: number): Promise<void> {
  const steps = Array.from({ length: STEPS }, (_, i) => stepAt(i, second));
  const now = Date.now();
  const moved = received(2_000_000 + 1000 * second, 30_000);
  const tick: EventBody = {
    event: 'tick',
    tick: {
      from: new Date(now - 1000).toISOString(),
      to: new Date(now).toISOString(),
      links: [{ name: 'Pixel 7', ...moved }],
      owners: steps
        .filter(({ status }) => status === 'running')
        .map((it) => ({
          id: `exec:${it.digest}`,
          kind: 'step',
          name: it.name,
          wan: received(60_000 + second, 1000),
          lan: received(0),
          proxy: received(0),
          step: { ref: build().ref, digest: it.digest },
        })),
    },
  };
  server.server.publish(tick);
  await sleep(20);
  server.server.publish({
    event: 'build',
    build: build({ startedAt: new Date(now - 1000 * second).toISOString() }),
    steps,
  });
  await sleep(980);
}

/** A third of the steps run, each with remotes and a cache mount. */
function stepAt(i: number, second: number): StepDocument {
  const runs = i % 3 === 0;
  return step({
    digest: `sha256:${i}`,
    name: `[app ${i + 1}/${STEPS}] RUN make part-${i} && make install-${i}`,
    status: runs ? 'running' : 'done',
    startedAt: new Date(Date.now() - 20_000).toISOString(),
    completedAt: runs ? null : new Date().toISOString(),
    durationMs: runs ? null : 12_000,
    wan: received(10_000_000 + i * 1000 + (runs ? second * 60_000 : 0), 40_000),
    coldBytes: 20_000_000,
    remotes: Array.from({ length: 5 }, (_, j) => ({
      address: `192.0.2.${j}`,
      name: null,
      nameSource: null,
      port: 443,
      protocol: 'tcp',
      class: 'wan',
      ...received(1000 * second, 10),
    })),
    cacheMounts: [
      {
        id: `cache-${i}`,
        target: `/root/.cache/${i}`,
        recordId: null,
        sharing: 'shared',
        emptyAtStart: false,
        bytesBefore: null,
        bytesAfter: null,
      },
    ],
  });
}

function tmux(...args: string[]): string {
  return execFileSync('tmux', [...TERMINAL, ...args], { encoding: 'utf8' });
}
