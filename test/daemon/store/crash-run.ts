import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';

const CHILD = fileURLToPath(new URL('./crash-child.ts', import.meta.url));

/**
 * Runs the child until it has committed something, and kills it some time later.
 * @param uid whose files it makes
 * @returns the lines of its log
 */
export async function runAndKill(
  directory: string,
  log: string,
  afterMs: number,
  uid?: number,
): Promise<string[]> {
  writeFileSync(log, '');
  const more = uid === undefined ? [] : [`${uid}`];
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, directory, log, ...more], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = once(child, 'exit');
  try {
    while (child.exitCode === null && !readFileSync(log, 'utf8').includes('committed')) await delay(5);
    await delay(afterMs);
  } finally {
    child.kill('SIGKILL');
  }
  assert.equal(await exited, [null, 'SIGKILL']);
  return readFileSync(log, 'utf8').trimEnd().split('\n');
}
