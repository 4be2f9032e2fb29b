import { pathToFileURL } from 'node:url';
import type { DaemonProgram } from '../client/daemon-program.js';

/**
 * Turns this process into the daemon: a service manager that started it keeps its hand on the right one,
 * and there are not two runtimes in memory. Never resolves: the daemon ends the process.
 */
export async function runInForeground(program: DaemonProgram, args: readonly string[]): Promise<never> {
  process.argv = [process.execPath, program.main, ...args, '--foreground'];
  await import(pathToFileURL(program.main).href);
  return new Promise<never>(() => {});
}
