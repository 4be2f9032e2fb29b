/** notify: how warnings reach a desktop, which the daemon has none of. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { NetmeterError } from '../../src/errors.js';
import type { WarningDocument } from '../../src/protocol/documents.js';
import { notifyByBus } from './desktop-bus.js';

export type Shown = Pick<WarningDocument, 'code' | 'message' | 'at'>;

/** Shows one warning. Rejects when it cannot. */
export type Notifier = (warning: Shown) => Promise<void>;

type Env = Readonly<Record<string, string | undefined>>;

/** A command of the user's that has not ended by then goes on, and is waited for no longer. */
const COMMAND_MS = 30_000;
const TITLE = 'netmeter';

/**
 * The user's command if there is one, else the desktop's notifications on the session bus, else notify-send.
 * @throws NetmeterError `notifier-missing` when there is none of them
 */
export function chooseNotifier(command: readonly string[], env: Env): Notifier {
  if (command.length > 0) return (warning) => runCommand(command, warning, env);
  const address = sessionBus(env);
  if (address !== undefined) {
    return (warning) =>
      notifyByBus(address, TITLE, warning.message).catch(async (error: unknown) => {
        // A session without a desktop's notifications may still have another way.
        if (!hasNotifySend(env)) throw error;
        await bySend(warning, env);
      });
  }
  if (hasNotifySend(env)) return (warning) => bySend(warning, env);
  throw new NetmeterError('notifier-missing', 'there is no session bus and no notify-send here', {
    hint: 'Run it in your desktop session, or give it a command of yours: netmeter notify -- COMMAND',
  });
}

function sessionBus(env: Env): string | undefined {
  if (env.DBUS_SESSION_BUS_ADDRESS) return env.DBUS_SESSION_BUS_ADDRESS;
  const path = env.XDG_RUNTIME_DIR === undefined ? undefined : join(env.XDG_RUNTIME_DIR, 'bus');
  return path !== undefined && existsSync(path) ? `unix:path=${path}` : undefined;
}

function hasNotifySend(env: Env): boolean {
  return (env.PATH ?? '').split(delimiter).some((dir) => dir !== '' && existsSync(join(dir, 'notify-send')));
}

function bySend(warning: Shown, env: Env): Promise<void> {
  return run('notify-send', ['--app-name', TITLE, '--', TITLE, warning.message], env);
}

/** Without a shell: the message is its last argument, whatever is in it. */
function runCommand([file = '', ...args]: readonly string[], warning: Shown, env: Env): Promise<void> {
  const facts = {
    NETMETER_WARNING_CODE: warning.code,
    NETMETER_WARNING_MESSAGE: warning.message,
    NETMETER_WARNING_AT: warning.at,
  };
  return run(file, [...args, warning.message], { ...env, ...facts });
}

function run(file: string, args: readonly string[], env: Env): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { env: { ...env }, stdio: ['ignore', 'inherit', 'inherit'] });
    const late = setTimeout(resolve, COMMAND_MS);
    late.unref();
    child.once('error', (cause: NodeJS.ErrnoException) => {
      clearTimeout(late);
      const code = cause.code === 'ENOENT' ? 'command-not-found' : 'internal';
      reject(
        new NetmeterError(code, `${JSON.stringify(file)} could not be run: ${cause.message}`, { cause }),
      );
    });
    child.once('exit', (status, signal) => {
      clearTimeout(late);
      if (status === 0) resolve();
      else reject(new NetmeterError('internal', `${JSON.stringify(file)} ended with ${status ?? signal}`));
    });
  });
}
