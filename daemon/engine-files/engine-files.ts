import { readFileSync } from 'node:fs';
import type { EpochMs } from '../../src/units.js';

/** Where an engine runs and where it keeps its data. */
export interface EngineLocation {
  /** The engine's name, for `Execution.engine`. */
  engine: string;
  pid: number;
  /** DockerRootDir as the engine sees it. */
  rootDir: string;
  /**
   * BuildKit's folder below it, `buildkit` unless it is a buildkitd of its own: there, `rootDir` is
   * `/var/lib/buildkit/runc-overlayfs` and this is `.` (read in moby/buildkit, not tried).
   */
  buildkitDir?: string;
}

/** Ticks per second of times in /proc/PID/stat: USER_HZ, 100 on every Linux that Node runs on (proc(5)). */
const USER_HZ = 100;

/**
 * The files of one engine, as this machine sees them. Engines live in chroots, snaps and containers, so their
 * paths are resolved below /proc/PID/root.
 */
export class EngineFiles {
  readonly location: EngineLocation;
  readonly #process: string;

  constructor(location: EngineLocation, procRoot = '/proc') {
    this.location = location;
    this.#process = `${procRoot}/${location.pid}`;
  }

  /** This machine's path of an absolute path of the engine. */
  path(enginePath: string): string {
    return `${this.#process}/root${enginePath}`;
  }

  /** Path of something below DockerRootDir, as the engine sees it. */
  data(relative: string): string {
    return `${this.location.rootDir.replace(/\/+$/, '')}/${relative}`;
  }

  /** Path of something in BuildKit's folder, as the engine sees it. */
  buildkit(relative: string): string {
    return this.data(`${this.location.buildkitDir ?? 'buildkit'}/${relative}`);
  }

  /** The engine's mounts (proc_pid_mountinfo(5)); undefined when it is gone. */
  mountInfo(): string | undefined {
    return readText(`${this.#process}/mountinfo`);
  }

  /** When the engine's process started, to some hundredths of a second; undefined when it is gone. */
  startedAt(procRoot: string, now: EpochMs): EpochMs | undefined {
    const stat = readText(`${this.#process}/stat`);
    const uptime = readText(`${procRoot}/uptime`);
    if (stat === undefined || uptime === undefined) return undefined;
    // The program's name, field 2, is in brackets and may hold blanks and brackets; starttime is field 22.
    const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
    const age = Number(uptime.split(' ')[0]) - ticks / USER_HZ;
    return Number.isFinite(age) ? now - age * 1000 : undefined;
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
