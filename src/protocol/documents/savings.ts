import type { Basis } from './shared.js';

export interface SavedDocument {
  bytes: number;
  headlineBytes: number;
  lowBytes: number;
  highBytes: number;
  byCause: { cacheMount: number; proxy: number; layerCache: number; localImage: number; sharedBuild: number };
  unknownSteps: number;
  residualBytes: number;
}

export type SavingCause = 'cache-mount' | 'proxy' | 'layer-cache' | 'local-image' | 'shared-build';

/** Bytes of one step that one cause kept from being downloaded, signed. */
export interface SavingDocument {
  cause: SavingCause;
  bytes: number;
  lowBytes: number;
  highBytes: number;
  /** Of a cached layer: what it would have cost with today's cache mounts; null for other causes and when unknown. */
  marginalBytes: number | null;
  basis: Basis;
}

/** What a period's builds saved. */
export interface PeriodSavedDocument extends SavedDocument {
  /** The part that a metered link would have carried. */
  meteredBytes: number;
  byBasis: { measured: number; derived: number; estimated: number };
  /** What proxies fetched that nobody asked them for; taken off `bytes` and all that is made of it. */
  proxyOverheadBytes: number;
}

/** What a cold build measured. */
export interface BaselineDocument {
  schema: 1;
  ref: string;
  /** Of the steps that were measured. */
  coldBytes: number;
  steps: { name: string; coldBytes: number }[];
  /** Steps that fetch something and could not be measured, and why. */
  unmeasured: { name: string; because: string }[];
}
