import { PassThrough, type Readable } from 'node:stream';
import type { OutputWanted } from '../../../../daemon/observe/docker/types.js';

/** Keeps what a container wrote, and gives it as an engine does: the last lines or those since a time, then on. */
export class ContainerOutput {
  readonly #lines: { time: string; text: string }[] = [];
  #streams: PassThrough[] = [];
  /** What was asked for. */
  readonly asked: OutputWanted[] = [];
  /** What every question gets instead of an answer. */
  refuses: Error | undefined;

  /** @param ms of the line's time since the beginning of 2026 */
  write(ms: number, ...texts: string[]): void {
    const time = `${new Date(Date.UTC(2026, 0) + ms).toISOString().slice(0, -1)}000000Z`;
    for (const text of texts) {
      this.#lines.push({ time, text });
      for (const stream of this.#streams) stream.write(frame(time, text));
    }
  }

  async open(wanted: OutputWanted, signal: AbortSignal): Promise<Readable> {
    this.asked.push(wanted);
    if (this.refuses !== undefined) throw this.refuses;
    const stream = new PassThrough();
    const lines =
      'tail' in wanted
        ? this.#lines.slice(-wanted.tail)
        : this.#lines.filter(({ time }) => time >= timeOf(wanted.since));
    for (const { time, text } of lines) stream.write(frame(time, text));
    this.#streams.push(stream);
    signal.addEventListener('abort', () => stream.destroy());
    return stream;
  }

  /** As when the container or the engine ends. */
  end(): void {
    for (const stream of this.#streams) stream.end();
    this.#streams = [];
  }
}

function timeOf(since: string): string {
  const [seconds = '', fraction = ''] = since.split('.');
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${fraction}Z`;
}

function frame(time: string, text: string): Buffer {
  const payload = Buffer.from(`${time} ${text}\n`);
  const header = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}
