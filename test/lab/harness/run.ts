import { spawn } from 'node:child_process';

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Buffer;
  /** Default 60,000. The whole process group is killed then. */
  readonly timeoutMs?: number;
  /** Resolve whatever the exit code is. By default, only 0 resolves. */
  readonly anyExit?: boolean;
}

export interface RunResult {
  /** `null` where a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command without a shell, with this environment and `env` on top. Never waits for ever. */
export function run(file: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const { cwd, env, input, timeoutMs = 60_000, anyExit = false } = options;
  const command = [file, ...args].join(' ');
  return new Promise((resolve, reject) => {
    // A group of its own, so that a time-out ends the children too.
    const child = spawn(file, args, { cwd, env: { ...process.env, ...env }, detached: true });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const timer = setTimeout(() => {
      killGroup(child.pid);
      reject(new Error(`${command}: not done after ${timeoutMs} ms\n${stdout}${stderr}`));
    }, timeoutMs);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('close', (exitCode, signal) => {
      clearTimeout(timer);
      if (exitCode === 0 || anyExit) resolve({ exitCode, signal, stdout, stderr });
      else reject(new Error(`${command}: exit ${exitCode ?? signal}\n${stdout}${stderr}`));
    });
    child.stdin.on('error', () => {}); // the command may end without reading it
    child.stdin.end(input);
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended by itself in this moment.
  }
}
