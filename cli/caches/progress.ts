import { Transform } from 'node:stream';
import { formatBytes } from '../../src/text/figures.js';
import type { Output } from '../io.js';

const ON_TERMINAL_MS = 250;
const IN_LOG_MS = 10_000;

export interface Progress {
  /** Passes bytes on and counts them. */
  stream: Transform;
  bytes(): number;
  /** Ends the line. */
  done(): void;
}

/**
 * How far a copy is, on standard error: one line that is written anew on a terminal, a line now and then elsewhere;
 * nothing for copies that are over sooner.
 */
export function progressOf(
  what: string,
  ofBytes: number | null,
  output: Output,
  now: () => number,
): Progress {
  let bytes = 0;
  let toldAt = now();
  let hasTold = false;
  const every = output.isTerminal ? ON_TERMINAL_MS : IN_LOG_MS;
  const tell = (): void => {
    const text = `${what}: ${formatBytes(bytes)}${ofBytes === null ? '' : ` of ${formatBytes(ofBytes)}`}`;
    output.write(output.isTerminal ? `\r${text}   ` : `${text}\n`);
    hasTold = true;
  };
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      bytes += chunk.length;
      if (now() - toldAt >= every) {
        toldAt = now();
        tell();
      }
      callback(null, chunk);
    },
  });
  return {
    stream,
    bytes: () => bytes,
    done: () => {
      if (hasTold && output.isTerminal) output.write('\n');
    },
  };
}
