// Real proxies as programs of this machine: each in a cgroup of its own, as systemd would start it.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cleanup, eventually, run } from '../harness/index.js';

export interface Program {
  readonly pid: number;
  /** Ends it as its service manager would, and waits until all of its processes are gone. */
  stop(): Promise<void>;
}

export interface ProgramOptions {
  /** Name of its cgroup. */
  readonly cgroup: string;
  /** A network namespace other than the host's. */
  readonly netns?: string;
}

/** Starts a program that stays in the foreground. */
export async function startProgram(
  cleanup: Cleanup,
  command: readonly string[],
  { cgroup, netns }: ProgramOptions,
): Promise<Program> {
  const dir = join(cgroupRoot(), cgroup);
  mkdirSync(dir, { recursive: true });
  const inside = netns === undefined ? command : ['ip', 'netns', 'exec', netns, ...command];
  const script = 'echo $$ > "$0/cgroup.procs" && exec "$@"';
  const child = spawn('sh', ['-c', script, dir, ...inside], { stdio: 'ignore', detached: true });
  const stop = async (): Promise<void> => {
    for (const pid of pidsIn(dir)) signal(pid, 'SIGTERM');
    const end = Date.now() + 5_000;
    await eventually(`the end of ${command[0]}`, 20_000, () => {
      const left = pidsIn(dir);
      if (Date.now() > end) for (const pid of left) signal(pid, 'SIGKILL');
      return left.length === 0 ? true : undefined;
    });
  };
  cleanup.defer(async () => {
    await stop();
    // What has ended is in there until it is reaped. Another start of the same program may have removed it.
    await eventually(`${dir} to be empty`, 10_000, () => {
      try {
        rmdirSync(dir);
      } catch (error) {
        if ((error as { code?: string }).code === 'EBUSY') return undefined;
      }
      return true;
    });
  });
  return { pid: child.pid ?? 0, stop };
}

/** A directory that is removed with what is in it. Open to the users that proxies give their rights up for. */
export function workDir(cleanup: Cleanup, files: Readonly<Record<string, string>> = {}): string {
  const dir = mkdtempSync(join(tmpdir(), 'netmeter-proxy-'));
  cleanup.defer(() => rmSync(dir, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  return dir;
}

/** Waits until a URL is answered, with whatever status. */
export async function answers(url: string, netns?: string): Promise<void> {
  const curl = ['curl', '-s', '-o', '/dev/null', '--max-time', '5', url];
  const [file = '', ...args] = netns === undefined ? curl : ['ip', 'netns', 'exec', netns, ...curl];
  await eventually(`${url} to answer`, 30_000, async () => {
    return (await run(file, args, { anyExit: true })).exitCode === 0 ? true : undefined;
  });
}

function pidsIn(dir: string): number[] {
  if (!existsSync(dir)) return [];
  return readFileSync(join(dir, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended by itself in this moment.
  }
}

function cgroupRoot(): string {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8');
  const root = /^(?:\S+ ){4}(\S+) .* - cgroup2 /m.exec(mounts)?.[1];
  if (root === undefined) throw new Error('there is no cgroup2 mount');
  return root;
}
