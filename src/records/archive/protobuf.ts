/** Fields of a protobuf message (https://protobuf.dev/programming-guides/encoding/), without a schema. */
export interface ProtobufField {
  number: number;
  /** Of varints; others have 0. Beyond 2^53 it is not exact. */
  value: number;
  /** Of what has a length: texts, bytes, messages; others are empty. */
  bytes: Uint8Array;
}

const VARINT = 0;
const FIXED_64 = 1;
const LENGTH = 2;
const FIXED_32 = 5;
const NOTHING = new Uint8Array(0);

/** Undefined when the bytes are no message. Unknown fields are in it like all others: their reader passes them over. */
export function protobufFields(bytes: Uint8Array): ProtobufField[] | undefined {
  const fields: ProtobufField[] = [];
  let at = 0;
  while (at < bytes.length) {
    const tag = varint(bytes, at);
    if (tag === undefined) return undefined;
    at = tag.end;
    const number = Math.floor(tag.value / 8);
    const type = tag.value % 8;
    if (number === 0) return undefined;
    if (type === VARINT) {
      const held = varint(bytes, at);
      if (held === undefined) return undefined;
      fields.push({ number, value: held.value, bytes: NOTHING });
      at = held.end;
    } else if (type === LENGTH) {
      const length = varint(bytes, at);
      if (length === undefined || length.value > bytes.length - length.end) return undefined;
      at = length.end + length.value;
      fields.push({ number, value: 0, bytes: bytes.subarray(length.end, at) });
    } else if (type === FIXED_64 || type === FIXED_32) {
      at += type === FIXED_64 ? 8 : 4;
      if (at > bytes.length) return undefined;
    } else return undefined;
  }
  return fields;
}

function varint(bytes: Uint8Array, from: number): { value: number; end: number } | undefined {
  let value = 0;
  let scale = 1;
  for (let at = from; at < bytes.length && at < from + 10; at++) {
    value += (bytes[at]! & 0x7f) * scale;
    scale *= 128;
    if (bytes[at]! < 0x80) return { value, end: at + 1 };
  }
  return undefined;
}
