import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { NetmeterError } from '../../src/errors.js';
import type { DoctorDocument } from '../../src/protocol/documents.js';
import type { Place } from '../../src/protocol/paths.js';
import type { DaemonProgram } from './daemon-program.js';

const TIMEOUT_MS = 60_000;

/**
 * Has the machine looked at by a process of its own with the rights of whoever asks, since what works for a
 * running daemon may not be what works for them. Needs no daemon.
 */
export async function askDoctor(
  [place]: readonly [Place, ...Place[]],
  program: DaemonProgram,
  dockerHost: string | undefined,
): Promise<DoctorDocument> {
  const args = [...program.nodeArgs, program.doctor, '--state-dir', place.stateDir, '--socket', place.socket];
  if (dockerHost !== undefined) args.push('--docker-host', dockerHost);
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: TIMEOUT_MS });
    return JSON.parse(stdout) as DoctorDocument;
  } catch (cause) {
    const said = String((cause as { stderr?: unknown }).stderr ?? '').trim();
    throw new NetmeterError('internal', `the checks did not finish: ${said || (cause as Error).message}`, {
      cause,
    });
  }
}
