/** The real daemon around a pipeline that does what the environment says, to see how its life goes. */
import { execFileSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { nodeHost } from '../../../daemon/lifecycle/node-host.js';
import type { Pipeline, PipelineContext } from '../../../daemon/lifecycle/pipeline.js';
import { runDaemon } from '../../../daemon/lifecycle/run-daemon.js';
import type { Part } from '../../../daemon/lifecycle/supervisor.js';
import { NetmeterError } from '../../../src/errors.js';

const never = new Promise<never>(() => {});
const keepAlive = setInterval(() => {}, 1000);

/** Writes what happens to a file, for the test to read. */
function trace(line: string): void {
  if (process.env.FIXTURE_TRACE !== undefined) appendFileSync(process.env.FIXTURE_TRACE, `${line}\n`);
}

const behaviours: Record<string, Partial<Part>> = {
  'refuses-to-start': {
    start: () => {
      throw new NetmeterError('bpffs-unavailable', '/sys/fs/bpf is not mounted', {
        hint: 'mount -t bpf bpf /sys/fs/bpf',
      });
    },
  },
  'never-starts': { start: () => never },
  'dies-starting': { start: () => process.exit(7) },
  'crashes-starting': {
    start: () => {
      process.stderr.write('FATAL ERROR: out of everything\n');
      process.abort();
    },
  },
  'never-stops': { stop: () => never, stopLimitMs: 100 },
  'stops-in-an-hour': { stop: () => never, stopLimitMs: 3_600_000 },
  'fails-to-stop': {
    stop: () => {
      throw new Error('a link is still attached');
    },
  },
  'blocks-when-stopped': {
    stop: () => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    },
  },
  'throws-later': {
    start: () => {
      process.on('SIGUSR2', () => {
        throw new Error('nobody expected this');
      });
    },
  },
  'rejects-later': {
    start: () => {
      process.on('SIGUSR2', () => void Promise.reject(new Error('nobody awaited this')));
    },
  },
};

function part(name: string): Part {
  const behaviour = behaviours[name] ?? {};
  return {
    name,
    ...behaviour,
    start: (signal) => {
      trace(`start ${name}`);
      return behaviour.start?.(signal);
    },
    stop: () => {
      trace(`stop ${name}`);
      return behaviour.stop?.();
    },
  };
}

function createPipeline({ log, hasSubscribers, publish }: PipelineContext): Pipeline {
  log.debug('the pipeline is made');
  process.on('SIGUSR1', () => {
    process.stderr.write(`raw words; children inherit: ${execFileSync('env')}\nthat was all\n`);
  });
  const names = (process.env.FIXTURE_PARTS ?? 'meter').split(',');
  const timer = setInterval(() => {
    if (!hasSubscribers()) return;
    publish({ event: 'warning', warning: { code: 'tick', message: 'tick', at: new Date().toISOString() } });
  }, 20);
  return {
    parts: [...names.map(part), { name: 'timer', start: () => {}, stop: () => clearInterval(timer) }],
    handlers: { builds: () => ({ schema: 1, builds: [] }) },
    readiness: () => ({
      tiers: { meter: 'exact', builds: null, links: 'link' },
      sources: [{ name: 'meter', tier: 'exact', ok: true, because: null, code: null, better: null }],
      warnings: [{ code: 'test', message: 'only a test' }],
    }),
  };
}

const code = await runDaemon(nodeHost(), createPipeline);
clearInterval(keepAlive);
process.exit(code);
