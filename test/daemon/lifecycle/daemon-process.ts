/** Starts the fixture daemon as a process of its own, and follows what it does. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { type Place, resolvePlaces } from '../../../src/protocol/paths.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const BUNDLE = `${ROOT}node_modules/.cache/netmeter-fixture-${process.pid}.mjs`;

/** The fixture daemon as one file, as the build makes the daemon: it starts ten times faster than its sources. */
export function fixtureDaemon(): string {
  if (existsSync(BUNDLE)) return BUNDLE;
  buildSync({
    entryPoints: [fileURLToPath(new URL('fixture-daemon.ts', import.meta.url))],
    outfile: BUNDLE,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['koffi', 'ws'],
    logLevel: 'error',
  });
  process.once('exit', () => rmSync(BUNDLE, { force: true }));
  return BUNDLE;
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
}

export function placeIn(stateDir: string): Place {
  return resolvePlaces({ env: {}, uid: 0, cwd: '/', stateDir })[0];
}

/** In the foreground: its log is on standard error, too. */
export function startDaemon(stateDir: string, options: DaemonOptions = {}): DaemonProcess {
  const { parts = 'meter', trace, env = {}, args = [], wrapper = [] } = options;
  const command = [
    ...wrapper,
    process.execPath,
    fixtureDaemon(),
    '--state-dir',
    stateDir,
    '--foreground',
    ...args,
  ];
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
