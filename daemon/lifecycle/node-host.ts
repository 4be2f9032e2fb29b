import { performance } from 'node:perf_hooks';
import { VERSION } from '../../src/version.js';
import type { DaemonHost } from './host.js';

/**
 * This process as a DaemonHost. Only entry files make one: it takes the process over, so that it holds no
 * directory, creates private files, and passes nothing of its service manager's on to what it starts.
 */
export function nodeHost(): DaemonHost {
  const env = { ...process.env };
  for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete process.env[name];
  const cwd = process.cwd();
  process.chdir('/');
  process.umask(0o077);
  return {
    argv: process.argv.slice(2),
    env,
    cwd,
    pid: process.pid,
    uid: process.getuid?.() ?? 0,
    groups: process.getgroups?.() ?? [],
    signals: process,
    version: VERSION,
    stderr: { write: (line) => void process.stderr.write(line) },
    now: () => Date.now(),
    monotonicMs: () => performance.now(),
    exitNow: (code) => process.exit(code),
  };
}
