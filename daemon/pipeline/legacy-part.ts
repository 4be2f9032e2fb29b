import type { ExecutionJoin } from '../../src/builds/join.js';
import type { Part } from '../lifecycle/supervisor.js';
import { LegacyBuildListener, type LegacyBuildListenerOptions } from './legacy-builds.js';
import { isToldRef, ToldBuilds, type ToldBuildsOptions } from './told-builds.js';

export interface LegacyPartOptions
  extends Omit<ToldBuildsOptions, 'onQuiet'>,
    Pick<LegacyBuildListenerOptions, 'isLegacy'> {
  join: Pick<ExecutionJoin, 'match'>;
}

/** Builds of engines that tell nothing of them: what clients tell, and what else the executor is seen to run. */
export class LegacyPart implements Part {
  readonly name = 'builds without history';
  readonly told: ToldBuilds;
  readonly listener: LegacyBuildListener;

  constructor({ join, ...options }: LegacyPartOptions) {
    const { isLegacy, tell } = options;
    this.told = new ToldBuilds({ ...options, onQuiet: () => void this.listener.release() });
    this.listener = new LegacyBuildListener({
      isLegacy,
      isToldOf: () => this.told.isActive,
      isStep: (id) => isToldRef(join.match(id)?.ref ?? ''),
      tell,
    });
  }

  start(): Promise<void> {
    return this.told.start();
  }

  async stop(): Promise<void> {
    this.told.stop();
    await this.listener.release();
  }
}
