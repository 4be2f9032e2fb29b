/** What a client may hand in as recorded elsewhere: whole builds and requests, bounded in every direction. */
import * as v from 'valibot';
import { MOST_BLOBS, MOST_INTERVALS, MOST_SAMPLES, MOST_STEPS, MOST_TEXT } from '../builds/limits.js';
import type { Build } from '../builds/types.js';
import type { ImportPart } from '../records/import.js';

const text = v.pipe(v.string(), v.maxLength(MOST_TEXT));
const word = v.pipe(v.string(), v.maxLength(512));
const maybe = v.optional(text);
const bytes = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const instant = v.pipe(v.number(), v.finite());
const whole = v.pipe(v.number(), v.safeInteger());

function list<Item extends v.GenericSchema>(item: Item, most: number) {
  return v.pipe(v.array(item), v.maxLength(most));
}

const step = v.strictObject({
  digest: v.pipe(word, v.minLength(1)),
  inputs: list(word, 0),
  name: text,
  number: v.optional(whole),
  stage: maybe,
  instruction: text,
  platform: maybe,
  kind: v.picklist(['run', 'from', 'copy', 'add', 'git', 'internal', 'export']),
  status: v.picklist(['done', 'cached', 'failed', 'canceled', 'running', 'pending']),
  error: maybe,
  intervals: list(v.strictObject({ startedAt: instant, completedAt: v.optional(instant) }), MOST_INTERVALS),
  blobs: list(
    v.strictObject({
      id: word,
      total: v.optional(bytes),
      samples: list(v.strictObject({ at: instant, current: bytes }), MOST_SAMPLES),
    }),
    MOST_BLOBS,
  ),
  executorIds: list(word, 0),
  attribution: v.literal('inferred'),
  sharedWith: v.optional(v.undefined()),
  cacheMounts: list(v.never(), 0),
  unmetered: v.literal(true),
});

const recordedBuild = v.strictObject({
  ref: v.pipe(v.string(), v.regex(/^[A-Za-z0-9._-]{1,128}$/)),
  engine: text,
  name: text,
  project: maybe,
  context: maybe,
  dockerfile: maybe,
  target: maybe,
  platforms: list(word, 256),
  status: v.picklist(['running', 'completed', 'failed', 'canceled']),
  error: maybe,
  startedAt: instant,
  completedAt: v.optional(instant),
  steps: list(step, MOST_STEPS),
  imported: v.strictObject({
    kind: v.picklist(['rawjson', 'plain', 'dockerbuild']),
    dated: v.boolean(),
    ended: v.boolean(),
  }),
});

const request = v.strictObject({
  key: v.pipe(v.string(), v.regex(/^[0-9a-f.]{1,64}$/)),
  at: v.optional(instant),
  client: v.optional(word),
  outcome: v.picklist(['hit', 'miss', 'revalidated', 'tunnel', 'refused', 'failed', 'other']),
  code: word,
  servedBytes: bytes,
  fetchedBytes: v.optional(bytes),
  url: text,
  package: v.optional(word),
});

const schema = v.strictObject({
  kind: v.picklist([
    'buildkit-rawjson',
    'buildkit-plain',
    'dockerbuild',
    'squid-native',
    'squid-combined',
    'apt-cacher-ng',
    'nginx',
    'nginx-json',
    'verdaccio-json',
    'verdaccio-pretty',
    'distribution-metrics',
    'capture',
  ]),
  file: v.pipe(v.string(), v.minLength(1), v.maxLength(4096)),
  digest: v.exactOptional(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))),
  builds: v.exactOptional(list(recordedBuild, 1_000)),
  requests: v.exactOptional(list(request, 10_000)),
  names: v.exactOptional(
    list(v.strictObject({ address: word, name: word, source: word, at: instant }), 10_000),
  ),
  addresses: v.exactOptional(list(word, 10_000)),
  period: v.exactOptional(v.strictObject({ from: instant, to: instant })),
  document: v.exactOptional(v.pipe(v.string(), v.maxLength(4_194_304))),
});

/** A build that its own client tells of. */
export const toldBuild = recordedBuild as unknown as v.GenericSchema<unknown, Build>;

export const importPart = schema as unknown as v.GenericSchema<unknown, ImportPart>;
