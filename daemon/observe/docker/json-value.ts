/**
 * Reading from JSON that an engine sent: whatever does not have the expected type is not there. Engines of
 * six years and of other makers differ in which fields they send, so a missing one is never an error.
 */
export type JsonRecord = Readonly<Record<string, unknown>>;

const nothing: JsonRecord = Object.freeze({});

export function asRecord(value: unknown): JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonRecord)
    : nothing;
}

export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A text that says something: an empty one is how Go spells a missing one. */
export function asText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A whole number that can be counted with; 2^53 and more cannot. */
export function asCount(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
}

export function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A whole container id: what else is sent as one would end up in paths and in other tables. */
export function isContainerId(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}
