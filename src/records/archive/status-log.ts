/** BuildKit's log of a build (`application/vnd.buildkit.status.v0`): messages, each after its length. */
import type { EpochMs } from '../../units.js';
import { timestampOf } from '../progress/build-time.js';
import type { StatusValue } from '../progress/status-value.js';
import { type ProtobufField, protobufFields } from './protobuf.js';

const LENGTH_BYTES = 4;

/** What can be read up to a cut or to what is no message; `truncated` says that there was one. */
export function readStatusLog(log: Uint8Array): { messages: StatusValue[]; truncated: boolean } {
  const messages: StatusValue[] = [];
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength);
  let at = 0;
  while (at + LENGTH_BYTES <= log.length) {
    const length = view.getUint32(at, true);
    const start = at + LENGTH_BYTES;
    if (length > log.length - start) return { messages, truncated: true };
    const fields = protobufFields(log.subarray(start, start + length));
    if (fields === undefined) return { messages, truncated: true };
    messages.push(message(fields));
    at = start + length;
  }
  return { messages, truncated: at < log.length };
}

/** Numbers of moby.buildkit.v1: StatusResponse, Vertex, VertexStatus, VertexLog. */
function message(fields: readonly ProtobufField[]): StatusValue {
  const value: StatusValue = { vertexes: [], progress: [], logs: [], warnings: 0 };
  for (const { number, bytes } of fields) {
    const inner = protobufFields(bytes) ?? [];
    const get = (field: number) => inner.findLast((one) => one.number === field);
    const text = (field: number) => decode(get(field)?.bytes);
    const time = (field: number) => timeOf(get(field)?.bytes);
    if (number === 1 && text(1) !== '') {
      value.vertexes.push({
        digest: text(1),
        inputs: inner.filter((one) => one.number === 2).map((one) => decode(one.bytes)),
        name: text(3),
        cached: get(4)?.value === 1,
        startedAt: time(5),
        completedAt: time(6),
        error: text(7) || undefined,
      });
    } else if (number === 2) {
      value.progress.push({
        vertex: text(2),
        id: text(1),
        current: whole(get(4)?.value),
        total: whole(get(5)?.value),
        at: time(6),
        startedAt: time(7),
        completedAt: time(8),
      });
    } else if (number === 3) {
      value.logs.push({
        vertex: text(1),
        stream: whole(get(3)?.value),
        at: time(2),
        text: latin1(get(4)?.bytes),
      });
    } else if (number === 4) value.warnings += 1;
  }
  return value;
}

/** As a log's text is kept: one character a byte. */
function latin1(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? '' : new TextDecoder('latin1').decode(bytes);
}

function decode(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? '' : new TextDecoder().decode(bytes);
}

/** google.protobuf.Timestamp. Go's year 1 is a negative number of seconds, which a varint writes as a huge one. */
function timeOf(bytes: Uint8Array | undefined): EpochMs | undefined {
  const fields = bytes === undefined ? undefined : protobufFields(bytes);
  const value = (number: number) => fields?.find((one) => one.number === number)?.value ?? 0;
  return timestampOf(value(1), value(2));
}

function whole(value: number | undefined): number {
  return value !== undefined && Number.isSafeInteger(value) ? value : 0;
}
