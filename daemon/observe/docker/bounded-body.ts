/** Reading what an engine sends without trusting it to end. */
import type { Readable } from 'node:stream';

export class TooLong extends Error {
  constructor(what: string, bytes: number) {
    super(`${what} is longer than ${bytes} bytes`);
  }
}

/** @throws TooLong, or the stream's own error when it breaks off */
export async function readBody(stream: Readable, mostBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw new TooLong('its answer', mostBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

const NEWLINE = 10;

/**
 * Lines of UTF-8, without their ends and without empty ones. What follows the last newline is a cut-off
 * line and dropped.
 *
 * @throws TooLong, or the stream's own error when it breaks off
 */
export async function* readLines(stream: Readable, mostBytes: number): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      const line = Buffer.concat([...rest, chunk.subarray(from, end)]).toString();
      rest = [];
      restBytes = 0;
      from = end + 1;
      if (line.trim() !== '') yield line;
    }
    if (from === chunk.length) continue;
    restBytes += chunk.length - from;
    if (restBytes > mostBytes) throw new TooLong('a line', mostBytes);
    rest.push(chunk.subarray(from));
  }
}
