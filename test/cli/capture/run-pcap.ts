import { commands } from '../../../cli/commands/index.js';
import type { Io, Output } from '../../../cli/io.js';
import { runCommandLine } from '../../../cli/program.js';

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

export function runPcap(...args: string[]): Promise<Ran> {
  return runOnFiles('pcap', ...args);
}

/** The real command on real files, with the outputs as text. */
export async function runOnFiles(...args: string[]): Promise<Ran> {
  const written = { stdout: '', stderr: '' };
  const output = (name: 'stdout' | 'stderr'): Output => ({
    write: (text) => {
      written[name] += text;
    },
    isTerminal: false,
    columns: undefined,
    colors: false,
  });
  const io: Io = {
    stdout: output('stdout'),
    stderr: output('stderr'),
    env: {},
    uid: 0,
    pid: 0,
    cwd: '/',
    daemonProgram: undefined as never,
    now: () => 0,
    timeZone: 'UTC',
    signal: new AbortController().signal,
    onSignal: () => () => {},
    terminal: undefined,
  };
  const code = await runCommandLine(args, commands, '0.0.0', io);
  return { code, ...written };
}
