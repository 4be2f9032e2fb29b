/** Command lines run in this process, with outputs as text. */
import { commands } from '../../../cli/commands/index.js';
import type { Io, Output } from '../../../cli/io.js';
import { runCommandLine } from '../../../cli/program.js';

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

export interface Around {
  /** Width of the terminal; none when left out. */
  columns?: number;
  env?: Record<string, string>;
  signal?: AbortSignal;
  /** Called with everything that is written to standard output. */
  onOutput?: (text: string) => void;
}

export async function commandLine(argv: string[], around: Around = {}): Promise<Ran> {
  const { columns, env = {}, signal = new AbortController().signal, onOutput = () => {} } = around;
  const written = { stdout: '', stderr: '' };
  const output = (name: keyof typeof written): Output => ({
    write: (text) => {
      written[name] += text;
      if (name === 'stdout') onOutput(written.stdout);
    },
    isTerminal: columns !== undefined,
    columns,
    colors: false,
  });
  const io: Io = {
    stdout: output('stdout'),
    stderr: output('stderr'),
    env,
    uid: 0,
    pid: process.pid,
    cwd: '/',
    daemonProgram: {
      nodeArgs: [],
      main: '/nothing',
      query: '/nothing',
      doctor: '/nothing',
      caches: '/nothing',
    },
    now: () => Date.UTC(2026, 10, 24, 9),
    timeZone: 'UTC',
    signal,
    onSignal: () => () => {},
    terminal: undefined,
  };
  const code = await runCommandLine(argv, commands, '0.1.0', io);
  return { code, ...written };
}
