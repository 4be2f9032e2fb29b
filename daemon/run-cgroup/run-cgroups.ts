/**
 * run-cgroup: a cgroup for each command that `netmeter run` meters. Only root may move processes between
 * cgroups, and the person who types the command is not root: the daemon does it, for their processes only.
 */
import { NetmeterError } from '../../src/errors.js';
import type { RequestParams, RunBeginResult, RunEndResult, RunUsage } from '../../src/protocol/messages.js';
import type { PeerCredentials } from '../sys/socket-options.js';
import { isErrno } from '../sys/system-error.js';
import { CgroupDir } from './cgroup-dir.js';
import { descendsFrom, type ProcessFacts, readProcess } from './process-facts.js';
import { type Run, RunRecords } from './run-records.js';

export type { Run } from './run-records.js';

export interface RunCgroupsOptions {
  /** Mount point of cgroup2; `undefined` where cgroups cannot be metered. */
  cgroupRoot: string | undefined;
  /** Why they cannot be. */
  refusal?: NetmeterError | undefined;
  /** Parent of the runs' cgroups, removed with the last of them: `/netmeter`. */
  parentPath: string;
  /** `/proc`. */
  procRoot: string;
  runsFile: string;
  /** Wall clock, epoch milliseconds. */
  now: () => number;
  /** A name that no other run ever had, of letters, digits and dashes. */
  newId: () => string;
  /** What a run has used until now. */
  usageOf: (run: Run) => Promise<RunUsage>;
  /** Whether the engine tells nothing of builds, so that what a command prints of one is wanted. */
  wantsProgress: () => boolean;
  /** Something did not work that does not concern the one who asked. */
  onProblem: (message: string, error: unknown) => void;
}

const MAX_RUNS = 1000;
/** Of a command, so much is kept to name it. */
const MAX_COMMAND_LENGTH = 4096;

export class RunCgroups {
  readonly name = 'run cgroups';
  readonly #options: RunCgroupsOptions;
  readonly #records: RunRecords;
  readonly #runs = new Map<string, Run>();

  constructor(options: RunCgroupsOptions) {
    this.#options = options;
    this.#records = new RunRecords(options.runsFile);
  }

  /** Finds the runs of an earlier daemon again, and removes what is left of those that are over. */
  start(): void {
    const { cgroupRoot } = this.#options;
    if (cgroupRoot === undefined) return;
    const dir = new CgroupDir(cgroupRoot);
    for (const run of this.#records.load()) {
      if (dir.id(run.cgroupPath) === run.cgroupId) this.#runs.set(run.id, run);
    }
    this.#sweep(dir);
  }

  /** Empty cgroups are removed; commands that still run stay where they are. */
  stop(): void {
    const { cgroupRoot } = this.#options;
    if (cgroupRoot !== undefined) this.#sweep(new CgroupDir(cgroupRoot));
  }

  /** The run whose cgroup this is, to name it. */
  runAt(cgroupPath: string): Run | undefined {
    const prefix = `${this.#options.parentPath}/run-`;
    if (!cgroupPath.startsWith(prefix)) return undefined;
    return this.#runs.get(cgroupPath.slice(prefix.length).split('/')[0] ?? '');
  }

  /**
   * @throws NetmeterError `permission-denied` for a process that is not the asker's own, `not-found` for one
   *   that is gone, `cgroup2-missing`
   */
  begin({ command, pid }: RequestParams['run-begin'], peer: PeerCredentials): RunBeginResult {
    const dir = this.#dir();
    this.#sweep(dir);
    if (this.#runs.size >= MAX_RUNS) {
      throw new NetmeterError('usage', `${MAX_RUNS} commands run under netmeter run already`);
    }
    const process = this.#ownProcess(pid, peer);
    const client = readProcess(this.#options.procRoot, peer.pid) ?? process;
    const id = this.#options.newId();
    const cgroupPath = `${this.#options.parentPath}/run-${id}`;
    const run: Run = {
      id,
      command: shortened(command),
      cgroupPath,
      cgroupId: this.#create(dir, cgroupPath),
      startedAt: this.#options.now(),
      uid: peer.uid,
      client: { pid: client.pid, startTime: client.startTime },
      homePath: process.cgroupPath,
    };
    this.#moveIn(dir, process, run);
    this.#runs.set(id, run);
    this.#save();
    const startedAt = new Date(run.startedAt).toISOString();
    return { runId: id, cgroupPath, startedAt, wantsProgress: this.#options.wantsProgress() };
  }

  /** @throws NetmeterError `not-found` for a run that is over or is not the asker's */
  async end({ runId, pid, final }: RequestParams['run-end'], peer: PeerCredentials): Promise<RunEndResult> {
    const dir = this.#dir();
    const run = this.own(runId, peer);
    this.#moveHome(dir, run, pid);
    const endedAt = this.#options.now();
    const usage = await this.#options.usageOf(run);
    const remainingProcesses = dir.population(run.cgroupPath);
    if (final) {
      this.#runs.delete(runId);
      this.#save();
      this.#sweep(dir);
    }
    const startedAt = new Date(run.startedAt).toISOString();
    return { ...usage, runId, startedAt, durationMs: endedAt - run.startedAt, remainingProcesses };
  }

  /** @throws NetmeterError `not-found` for a run that is over or is not the asker's */
  own(runId: string, peer: PeerCredentials): Run {
    const run = this.#runs.get(runId);
    if (run !== undefined && (run.uid === peer.uid || peer.uid === 0)) return run;
    throw new NetmeterError('not-found', `there is no run ${JSON.stringify(runId)}`, {
      hint: 'It ended, or the daemon lost it in a restart.',
    });
  }

  /** Whether somebody still waits for a run's end. */
  isUnderWay(runId: string): boolean {
    const run = this.#runs.get(runId);
    return run !== undefined && this.#isAwaited(run);
  }

  #dir(): CgroupDir {
    const { cgroupRoot, refusal } = this.#options;
    if (cgroupRoot !== undefined) return new CgroupDir(cgroupRoot);
    const why = refusal?.message ?? 'it was started with another tier';
    throw new NetmeterError(
      refusal?.code ?? 'bpf-unavailable',
      `commands are metered by their cgroup, and this daemon does not count by cgroup: ${why}`,
      { hint: refusal?.hint ?? 'netmeter stop, then: sudo netmeter start', cause: refusal },
    );
  }

  #ownProcess(pid: number, peer: PeerCredentials): ProcessFacts {
    const { procRoot } = this.#options;
    const process = readProcess(procRoot, pid);
    if (process === undefined) throw new NetmeterError('not-found', `there is no process ${pid}`);
    const isOwn = process.uids.every((uid) => uid === peer.uid) && descendsFrom(procRoot, pid, peer.pid);
    if (isOwn) return process;
    throw new NetmeterError(
      'permission-denied',
      `process ${pid} is not yours to move, or not one you started`,
    );
  }

  #create(dir: CgroupDir, path: string): number {
    try {
      return dir.create(path);
    } catch (error) {
      if (!isErrno(error, 'EACCES', 'EPERM', 'EROFS')) throw error;
      throw new NetmeterError('permission-denied', 'this daemon may not make cgroups', {
        hint: 'netmeter run needs a daemon that was started as root: sudo netmeter start',
        cause: error,
      });
    }
  }

  #moveIn(dir: CgroupDir, process: ProcessFacts, run: Run): void {
    try {
      dir.move(process.pid, run.cgroupPath);
      const moved = readProcess(this.#options.procRoot, process.pid);
      if (moved?.startTime === process.startTime) return;
      // Another process has got this pid meanwhile: it never asked to be moved.
      if (moved !== undefined) dir.move(process.pid, run.homePath);
      throw new NetmeterError('not-found', `process ${process.pid} ended`);
    } catch (error) {
      dir.remove(run.cgroupPath);
      if (error instanceof NetmeterError) throw error;
      throw new NetmeterError(
        'syscall-failed',
        `process ${process.pid} cannot be moved to ${run.cgroupPath}`,
        {
          cause: error,
        },
      );
    }
  }

  #moveHome(dir: CgroupDir, run: Run, pid: number): void {
    if (readProcess(this.#options.procRoot, pid)?.cgroupPath !== run.cgroupPath) return;
    try {
      dir.move(pid, run.homePath);
    } catch (error) {
      this.#options.onProblem(`process ${pid} cannot go back to ${run.homePath}`, error);
    }
  }

  /** Removes the cgroups in which nothing runs and to which nobody comes back. */
  #sweep(dir: CgroupDir): void {
    const { parentPath } = this.#options;
    const before = this.#runs.size;
    for (const name of dir.children(parentPath)) {
      const path = `${parentPath}/${name}`;
      const run = this.runAt(path);
      if (!name.startsWith('run-') || (run !== undefined && this.#isAwaited(run))) continue;
      if (dir.population(path) === 0 && dir.remove(path) && run !== undefined) this.#runs.delete(run.id);
    }
    if (dir.children(parentPath).length === 0) dir.remove(parentPath);
    if (this.#runs.size !== before) this.#save();
  }

  #isAwaited({ client }: Run): boolean {
    return readProcess(this.#options.procRoot, client.pid)?.startTime === client.startTime;
  }

  #save(): void {
    try {
      this.#records.save([...this.#runs.values()]);
    } catch (error) {
      this.#options.onProblem('the runs under way cannot be written down', error);
    }
  }
}

function shortened(command: readonly string[]): string[] {
  let left = MAX_COMMAND_LENGTH;
  const kept: string[] = [];
  for (const word of command) {
    if (left <= 0) break;
    kept.push(word.slice(0, left));
    left -= word.length + 1;
  }
  return kept;
}
