/** What a starting daemon tells the process that started it: one line of JSON, then the pipe is closed. */
import type { Tier } from '../metering/types.js';
import type { WireError } from './messages.js';

export type LaunchReport =
  | { ok: true; pid: number; version: string; ready: Readiness }
  | {
      ok: false;
      error: WireError;
      /** With `daemon-already-running`: who is. */
      runningPid: number | null;
    };

/** The state in which the daemon begins to meter. */
export interface Readiness {
  tiers: { meter: Tier | null; builds: string | null; links: Tier | null };
  sources: {
    name: string;
    tier: Tier | null;
    ok: boolean;
    /** Why it is not the best one, or not working. */
    because: string | null;
    /** What kind of failure it is; null where it works. */
    code: string | null;
    /** What would make it better: usually a command to type. */
    better: string | null;
  }[];
  warnings: { code: string; message: string }[];
}
