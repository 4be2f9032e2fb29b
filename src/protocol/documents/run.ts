import type { Tier } from '../../metering/types.js';
import type { Transfer } from '../../units.js';
import type { BuildDocument } from './builds.js';
import type { RemoteDocument } from './remotes.js';
import type { WarningDocument } from './shared.js';

export interface RunDocument {
  schema: 1;
  command: string[];
  exitCode: number | null;
  signal: string | null;
  startedAt: string;
  durationMs: number;
  wan: Transfer;
  lan: Transfer;
  proxy: Transfer;
  tier: Tier;
  remotes: RemoteDocument[];
  build: BuildDocument | null;
  /** Given while it ran. */
  warnings: WarningDocument[];
}
