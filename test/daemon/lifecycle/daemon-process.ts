/** Starts the fixture daemon as a process of its own, and follows what it does. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { type Place, resolvePlaces } from '../../../src/protocol/paths.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** The fixture daemon as one file, as the build makes the daemon: it starts ten times faster than its sources. */
export function fixtureDaemon(): string {
  return bundled('test/daemon/lifecycle/fixture-daemon.ts');
}

/** A program of the project as one file, bundled once a test run. */
export function bundled(entry: string): string {
  const outfile = `${ROOT}node_modules/.cache/netmeter-${entry.replaceAll(/\W/g, '-')}-${process.pid}.mjs`;
  if (existsSync(outfile)) return outfile;
  buildSync({
    entryPoints: [ROOT + entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['koffi', 'sqlite3', 'ws'],
    banner: { js: 'import { createRequire as cr } from "node:module"; const require = cr(import.meta.url);' },
    logLevel: 'error',
  });
  process.once('exit', () => rmSync(outfile, { force: true }));
  return outfile;
}

export interface DaemonProcess {
  child: ChildProcess;
  place: Place;
  /** All of standard error so far. */
  stderr(): string;
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Resolves when the log, or standard error, has this text. */
  says(text: string): Promise<void>;
}

export interface DaemonOptions {
  parts?: string;
  trace?: string;
  env?: Record<string, string>;
  args?: string[];
  /** Run by this program, given before the runtime. */
  wrapper?: string[];
  /** Another program than the fixture. */
  program?: string;
}

export function placeIn(stateDir: string): Place {
  return resolvePlaces({ env: {}, uid: 0, cwd: '/', stateDir })[0];
}

/** In the foreground: its log is on standard error, too. */
export function startDaemon(stateDir: string, options: DaemonOptions = {}): DaemonProcess {
  const { parts = 'meter', trace, env = {}, args = [], wrapper = [], program = fixtureDaemon() } = options;
  const command = [...wrapper, process.execPath, program, '--state-dir', stateDir, '--foreground', ...args];
  const child = spawn(command[0] as string, command.slice(1), {
    stdio: ['ignore', 'inherit', 'pipe'],
    env: {
      ...process.env,
      FIXTURE_PARTS: parts,
      ...(trace === undefined ? {} : { FIXTURE_TRACE: trace }),
      ...env,
    },
  });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  const place = placeIn(stateDir);
  return {
    child,
    place,
    stderr: () => stderr,
    exited,
    says: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!stderr.includes(text)) return;
          child.stderr?.off('data', look);
          resolve();
        };
        child.stderr?.on('data', look);
        look();
        void exited.then(() => reject(new Error(`it ended without saying "${text}":\n${stderr}`)));
      }),
  };
}

export function logOf(place: Place): string {
  return readFileSync(place.logFile, 'utf8');
}
