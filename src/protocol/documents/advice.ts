import type { Basis } from './shared.js';

/** Something to change so that builds download less. */
export interface AdviceDocument {
  code: string;
  message: string;
  /** `Dockerfile:12` */
  where: string | null;
  /** What it would have saved in the period, at most where the basis is an estimate; null when nothing was measured. */
  savesBytes: number | null;
  basis: Basis;
}

export interface AdviseDocument {
  schema: 1;
  file: string;
  advice: AdviceDocument[];
}
