import type { Transfer } from '../../units.js';

export const SCHEMA = 1;

/** Something that the user should know. Its codes are in docs/errors.md. */
export interface WarningDocument {
  code: string;
  message: string;
  at: string;
  /** A person has seen it. */
  seen: boolean;
}

/** A transfer that may not be known: null, never 0. */
export type MaybeTransfer = Transfer | { rxBytes: null; txBytes: null };

export interface ReconciliationDocument {
  linkBytes: number;
  attributedBytes: number;
  tunnelOverheadBytes: number;
  unattributedBytes: number;
  linkPackets: number;
  attributedPackets: number;
  packetsComparable: boolean;
  rxHeaderBytes: number | null;
  txHeaderBytes: number | null;
}

/** How a figure came to be known. */
export type Basis = 'measured' | 'derived' | 'estimated' | 'unknown';

export interface ErrorDocument {
  schema: 1;
  error: { code: string; message: string; hint: string | null };
}
