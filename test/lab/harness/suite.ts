import { suite as uvuSuite } from 'uvu';
import { type EngineName, readLab } from './facts.js';

type Undo = () => unknown;

/** What a test has to undo, in reverse order, whether it passed or not. */
export class Cleanup {
  #undos: Undo[] = [];

  defer(undo: Undo): void {
    this.#undos.push(undo);
  }

  /** Runs everything even where something fails; then throws the first failure. */
  async run(): Promise<void> {
    const failures: unknown[] = [];
    for (const undo of this.#undos.splice(0).reverse()) {
      try {
        await undo();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}

export interface LabSuite {
  /**
   * Adds a test. `body` fails when it takes longer than `timeoutMs`; what it started must have been put
   * in `cleanup`, which then ends it.
   */
  (name: string, timeoutMs: number, body: (cleanup: Cleanup) => Promise<void>): void;
  run(): void;
}

/**
 * A suite of tests that need the lab, and those engines. Without them its tests are skipped, saying why;
 * with NETMETER_E2E=required they fail. Tests that take the lab from everybody else on the machine are
 * `exclusive`: they run only with NETMETER_LAB_IS_MINE=1, as scripts/test sets it.
 */
export function labSuite(
  name: string,
  engines: readonly EngineName[] = ['28'],
  { exclusive = false } = {},
): LabSuite {
  const inner = uvuSuite(name);
  const notMine = exclusive && process.env.NETMETER_LAB_IS_MINE !== '1';
  const because = notMine ? 'it takes the lab down (NETMETER_LAB_IS_MINE=1 allows it)' : missing(engines);
  const required = process.env.NETMETER_E2E === 'required' && !notMine;
  if (because !== undefined && !required) console.log(`skipping "${name}": ${because}`);
  const add = (testName: string, timeoutMs: number, body: (cleanup: Cleanup) => Promise<void>): void => {
    if (because !== undefined && !required) {
      inner.skip(testName);
      return;
    }
    inner(testName, async () => {
      if (because !== undefined) throw new Error(because);
      const cleanup = new Cleanup();
      try {
        await within(timeoutMs, body(cleanup));
      } finally {
        await cleanup.run();
      }
    });
  };
  return Object.assign(add, { run: () => inner.run() });
}

function missing(engines: readonly EngineName[]): string | undefined {
  const facts = readLab();
  if (facts === undefined) return 'the lab is not up (scripts/lab/lab up --engine both)';
  if (process.getuid?.() !== 0) return 'needs root';
  const absent = engines.filter((name) => !facts.engines.some((up) => up.name === name));
  return absent.length > 0 ? `not up in the lab: engine ${absent.join(', ')}` : undefined;
}

/** Rejects where `work` has not settled after `timeoutMs`. */
export async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** Polls until `probe` gives something other than `undefined`, every 50 ms. Rejects after `timeoutMs`. */
export async function eventually<T>(
  what: string,
  timeoutMs: number,
  probe: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined) return value;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
