import { fileURLToPath } from 'node:url';
import { type EngineName, lab } from './facts.js';
import { type RunResult, run } from './run.js';
import type { Cleanup } from './suite.js';

const LAB = fileURLToPath(new URL('../../../scripts/lab/lab', import.meta.url));
const VERSION: Record<EngineName, string> = { '28': '28', '20': '20.10' };

/** Runs the lab's own command. */
export function labCommand(args: readonly string[], anyExit = false): Promise<RunResult> {
  return run(LAB, args, { timeoutMs: 180_000, anyExit });
}

/** Stops an engine, containers included; `cleanup` starts it again. */
export async function stopEngine(cleanup: Cleanup, name: EngineName): Promise<void> {
  cleanup.defer(() => startEngine(name));
  await labCommand(['stop-engine', VERSION[name]]);
}

/** Kills an engine as a crash would; its containers go on. `cleanup` starts it again. */
export async function killEngine(cleanup: Cleanup, name: EngineName): Promise<void> {
  cleanup.defer(() => startEngine(name));
  await labCommand(['kill-engine', VERSION[name]]);
}

/** Starts an engine that was stopped or killed. Containers of before are removed. Its facts change: the pid. */
export async function startEngine(name: EngineName): Promise<void> {
  await labCommand(['up', '--engine', VERSION[name]]);
}

/**
 * Makes what the host sends over the uplink as slow as a phone's, with a short queue that drops; `cleanup`
 * makes it fast again.
 *
 * @param rate as tc writes it, such as `8mbit`
 */
export async function slowUplink(cleanup: Cleanup, rate: string): Promise<void> {
  const { uplink } = lab();
  cleanup.defer(() => run('tc', ['qdisc', 'del', 'dev', uplink, 'root']));
  await run('tc', [
    'qdisc',
    'add',
    'dev',
    uplink,
    'root',
    'tbf',
    'rate',
    rate,
    'burst',
    '16kb',
    'limit',
    '32kb',
  ]);
}
