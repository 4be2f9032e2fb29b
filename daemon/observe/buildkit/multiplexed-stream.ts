import { Duplex } from 'node:stream';

const HEADER_BYTES = 8;
const STDOUT = 1;
const MOST_STDERR = 1024;

/**
 * The process at the other end of an attached exec, as a stream of its standard input and output. What it
 * writes comes in frames of one byte that names the stream (1 stdout, 2 stderr), three of zero and four of
 * length (Docker Engine API, "Stream format").
 */
export class MultiplexedStream extends Duplex {
  readonly #socket: Duplex;
  #header = Buffer.alloc(0);
  #left = 0;
  #isStdout = false;
  /** The beginning of what it wrote to its standard error. */
  stderr = '';

  constructor(socket: Duplex) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      if (!this.#take(chunk)) socket.pause();
    });
    let ended = false;
    socket.on('end', () => {
      ended = true;
      this.push(null);
    });
    socket.on('error', (error) => this.destroy(error));
    // What came before the end is still to be read.
    socket.on('close', () => !ended && this.destroy());
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    if (this.#socket.writableEnded) done();
    else this.#socket.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  /** @returns false when whoever reads wants no more for now */
  #take(chunk: Buffer): boolean {
    let wanted = true;
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#left === 0) {
        rest = this.#takeHeader(rest);
        continue;
      }
      const part = rest.subarray(0, this.#left);
      rest = rest.subarray(part.length);
      this.#left -= part.length;
      if (this.#isStdout) wanted = this.push(part);
      else this.stderr = (this.stderr + part.toString('latin1')).slice(0, MOST_STDERR);
    }
    return wanted;
  }

  #takeHeader(chunk: Buffer): Buffer {
    const missing = HEADER_BYTES - this.#header.length;
    this.#header = Buffer.concat([this.#header, chunk.subarray(0, missing)]);
    if (this.#header.length === HEADER_BYTES) {
      this.#isStdout = this.#header[0] === STDOUT;
      this.#left = this.#header.readUInt32BE(4);
      this.#header = Buffer.alloc(0);
    }
    return chunk.subarray(missing);
  }
}
