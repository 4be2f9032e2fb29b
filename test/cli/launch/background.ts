/** Daemons started in the background by the code under test, found and ended again. */
import { rmSync } from 'node:fs';
import type { DaemonProgram } from '../../../cli/client/daemon-program.js';
import { lockHolder } from '../../../cli/client/lock-holder.js';
import { daemonArguments } from '../../../cli/launch/daemon-arguments.js';
import { waitUntilGone, watchProcess } from '../../../cli/launch/process-watch.js';
import {
  type StartOptions,
  type StartOutcome,
  startInBackground,
} from '../../../cli/launch/start-in-background.js';
import type { Place } from '../../../src/protocol/paths.js';
import { fixtureDaemon, placeIn } from '../../daemon/lifecycle/daemon-process.js';
import { temporaryDir } from '../../daemon/server/harness.js';

export interface Sandbox {
  dir: string;
  place: Place;
  program: DaemonProgram;
  start(parts: string, options?: Partial<StartOptions>): Promise<StartOutcome>;
  close(): Promise<void>;
}

export function sandbox(): Sandbox {
  const dir = temporaryDir();
  const place = placeIn(`${dir}/state`);
  const program = { nodeArgs: [], main: fixtureDaemon(), query: '', doctor: '', caches: '' };
  return {
    dir,
    place,
    program,
    start: (parts, options) => {
      // The fixture takes what it does from its environment, and the launcher passes its own on.
      process.env.FIXTURE_PARTS = parts;
      const args = daemonArguments({ place }, {}, 0);
      const signal = new AbortController().signal;
      return startInBackground({ program, place, args, signal, ...options });
    },
    close: async () => {
      delete process.env.FIXTURE_PARTS;
      const pid = lockHolder(place);
      if (pid !== undefined) {
        const watched = watchProcess(pid);
        process.kill(pid, 'SIGKILL');
        await waitUntilGone(watched, 10_000);
      }
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
