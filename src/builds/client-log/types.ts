/**
 * client-log: what package managers say, in a step's output, of the bytes they fetched and of those they had
 * already. Read line by line as it comes; no text is kept. What they say is content, not bytes on the wire,
 * and anybody may print such lines: nothing but a hint.
 */
import type { Bytes } from '../../units.js';

/**
 * npm, pnpm, yarn, go, gem, composer and apk print no sizes (recorded, or read in their sources), nor does poetry,
 * which prints names.
 */
export type PackageClient = 'apt' | 'pip' | 'uv' | 'dnf' | 'cargo' | 'maven' | 'poetry';

/** A size as it was printed; the true one is not further away than `rounding`. */
export interface PrintedSize {
  bytes: Bytes;
  rounding: Bytes;
}

/**
 * What one line says: bytes that were fetched, bytes that were there already (in a cache mount, most likely),
 * or bytes that the client needed in all, before it began.
 */
export interface SizeStatement {
  kind: 'fetched' | 'cached' | 'needed';
  size: PrintedSize;
}

/** A package with its version that it installed, fetched or not. */
export interface NameStatement {
  kind: 'installed';
  name: string;
}

export type Statement = SizeStatement | NameStatement;

/** Reads a line without its end. Most lines say nothing. */
export interface LineReader {
  client: PackageClient;
  read(line: string): Statement[];
}

/** The sum of what one client said in one step; undefined where it said nothing of the kind. */
export interface ClientLog {
  client: PackageClient;
  downloadedBytes: Bytes | undefined;
  cachedBytes: Bytes | undefined;
  /** Before it began; with what it had already. */
  neededBytes: Bytes | undefined;
  /** What it installed, as it names it with its version, no name twice; undefined where it prints sizes instead. */
  installed?: string[];
  /** How far each of the sums may be off because sizes are printed rounded. */
  roundingBytes: Bytes;
  /** The engine cut the log, or the client names only some of what it fetches. */
  isPartial: boolean;
}
