/** What is handed to the daemon of a file that was recorded elsewhere, and what the daemon says to it. */
import type { Build } from '../builds/types.js';
import type { EpochMs, Interval } from '../units.js';
import type { ProxyRequest, RecordKind } from './types.js';

export type ImportKind = RecordKind | 'capture';

/** A name that an address was reached by. */
export interface AddressName {
  address: string;
  name: string;
  source: string;
  at: EpochMs;
}

/** One file, or a part of it: a big file comes in several, of which the last has the document. */
export interface ImportPart {
  kind: ImportKind;
  file: string;
  /** SHA-256 of what is in it, unpacked; undefined in all parts but the last, before it is known. */
  digest?: string;
  builds?: Build[];
  requests?: ProxyRequest[];
  names?: AddressName[];
  /** Of the hosts in a capture, to find the builds that talked to them. */
  addresses?: string[];
  period?: Interval;
  /** The file's entry in the document of `netmeter import`, as JSON. */
  document?: string;
}

/** What the store took of a part. */
export interface Imported {
  /** A file with the same content was imported before. */
  known: boolean;
  /** Added now; what was there already is not counted. */
  builds: number;
  requests: number;
}

export interface ImportAnswer extends Imported {
  /** Builds that were seen to run in the capture's period and talked to hosts in it. */
  seenBuilds: { ref: string; name: string; addresses: string[] }[];
}
