import { execFile } from 'node:child_process';
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { NetmeterError } from '../../src/errors.js';
import { UNIT_NAME } from './unit.js';

const execute = promisify(execFile);

export interface ServiceLocation {
  /** `/etc/systemd/system`. */
  unitDir: string;
  /** Exists where systemd is the system's manager: `/run/systemd/system` (sd_booted(3)). */
  managerDir: string;
}

export const SYSTEM_SERVICE: ServiceLocation = {
  unitDir: '/etc/systemd/system',
  managerDir: '/run/systemd/system',
};

export interface ServiceOutcome {
  path: string;
  /** False where systemd does not run, so that the file is all there is. */
  managed: boolean;
}

/**
 * Writes the unit, and has systemd start it now and at every boot. An installed one is replaced.
 * @throws NetmeterError `permission-denied`, `not-found` for a directory that is not there,
 *   `daemon-start-failed` when systemd could not start it
 */
export async function installService(
  text: string,
  location: ServiceLocation = SYSTEM_SERVICE,
): Promise<ServiceOutcome> {
  const path = `${location.unitDir}/${UNIT_NAME}`;
  try {
    writeFileSync(`${path}.new`, text, { mode: 0o644 });
    renameSync(`${path}.new`, path);
  } catch (error) {
    throw unitError(path, error);
  }
  const managed = existsSync(location.managerDir);
  if (managed) {
    await systemctl('daemon-reload');
    await systemctl('enable', UNIT_NAME);
    // Starts it, also anew where an earlier one runs.
    await systemctl('restart', UNIT_NAME);
  }
  return { path, managed };
}

/**
 * Has systemd stop the service, and removes the unit.
 * @throws NetmeterError `not-found` when there is none, `permission-denied`
 */
export async function removeService(location: ServiceLocation = SYSTEM_SERVICE): Promise<ServiceOutcome> {
  const path = `${location.unitDir}/${UNIT_NAME}`;
  if (!existsSync(path)) throw new NetmeterError('not-found', `there is no ${path} to remove`);
  const managed = existsSync(location.managerDir);
  if (managed) await systemctl('disable', '--now', UNIT_NAME);
  try {
    rmSync(path);
  } catch (error) {
    throw unitError(path, error);
  }
  if (managed) await systemctl('daemon-reload');
  return { path, managed };
}

async function systemctl(...args: string[]): Promise<void> {
  try {
    await execute('systemctl', args);
  } catch (cause) {
    const stderr = String((cause as { stderr?: unknown }).stderr ?? '').trim();
    throw new NetmeterError('daemon-start-failed', `systemctl ${args.join(' ')} failed: ${stderr}`, {
      hint: `See: systemctl status ${UNIT_NAME}, journalctl -u ${UNIT_NAME}`,
      cause,
    });
  }
}

function unitError(path: string, error: unknown): NetmeterError {
  const errno = (error as NodeJS.ErrnoException).code ?? 'unknown';
  if (errno === 'EACCES' || errno === 'EPERM') {
    const hint = 'Use sudo: sudo netmeter service install, or remove';
    return new NetmeterError('permission-denied', `${path} may not be written`, { hint, cause: error });
  }
  const hint = 'Is this a machine with systemd?';
  return new NetmeterError('not-found', `${path} cannot be written: ${errno}`, { hint, cause: error });
}
