/** Reads what a client sent: bounded, of this version, of a known type, with the parameters of its type. */
import * as v from 'valibot';
import { NetmeterError } from '../errors.js';
import { MOST_PACKAGES } from '../estimate/lock-files.js';
import { importPart, toldBuild } from './import-schema.js';
import { PROTOCOL_VERSION, type Request, type RequestParams, type RequestType } from './messages.js';
import { protocolMismatch } from './version.js';

const time = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(1_000_000));
const pid = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(0x7fffffff));
const name = v.pipe(v.string(), v.minLength(1), v.maxLength(256));
const path = v.pipe(v.string(), v.minLength(1), v.maxLength(4096));
const MOST_DOCKERFILE = 512 * 1024;
const input = v.strictObject({
  digest: name,
  files: v.optional(v.record(v.string(), v.string())),
  newestAt: v.optional(v.number()),
  newest: v.optional(v.string()),
  packages: v.optional(v.record(v.string(), v.pipe(v.array(name), v.maxLength(MOST_PACKAGES)))),
});
const nothing = v.strictObject({});
const bytes = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const day = v.pipe(v.string(), v.isoDate());
const between = (least: number, most: number) =>
  v.pipe(v.number(), v.safeInteger(), v.minValue(least), v.maxValue(most));
const cycle = v.variant('kind', [
  v.strictObject({ kind: v.literal('monthly'), day: between(1, 31) }),
  v.strictObject({ kind: v.literal('weekly'), weekday: between(1, 7) }),
  v.strictObject({ kind: v.literal('fixed'), days: between(1, 3660), from: day }),
  v.strictObject({ kind: v.literal('once'), from: day, expires: day }),
]);
const price = v.strictObject({
  perGigabyte: v.pipe(v.number(), v.finite(), v.minValue(0), v.maxValue(1_000_000)),
  currency: v.pipe(v.string(), v.regex(/^[A-Z]{3}$/)),
});

type Schemas = { [T in RequestType]: v.GenericSchema<unknown, RequestParams[T]> };

const params: Schemas = {
  status: v.strictObject({ since: v.exactOptional(time) }),
  builds: v.strictObject({ limit: v.exactOptional(count) }),
  build: v.strictObject({ ref: name }),
  remotes: v.strictObject({ since: time, limit: v.exactOptional(count) }),
  report: v.strictObject({ since: time, until: v.exactOptional(time), timeZone: name }),
  'report-schedule': v.strictObject({
    schedule: v.picklist(['weekly', 'off', 'show']),
    format: v.picklist(['text', 'md', 'html', 'json']),
    timeZone: name,
  }),
  advise: v.strictObject({
    text: v.pipe(v.string(), v.maxLength(MOST_DOCKERFILE)),
    file: path,
    path: v.exactOptional(path),
    since: time,
    until: v.exactOptional(time),
  }),
  estimate: v.strictObject({
    text: v.pipe(v.string(), v.maxLength(MOST_DOCKERFILE)),
    file: path,
    path: v.exactOptional(path),
    context: v.exactOptional(path),
    target: v.exactOptional(name),
    buildArgs: v.record(v.string(), v.string()),
    contexts: v.record(v.string(), v.string()),
    platform: v.exactOptional(name),
    otherPlatforms: v.array(name),
    noCache: v.boolean(),
    noCacheFilter: v.array(name),
    pull: v.boolean(),
    offline: v.boolean(),
    inputs: v.record(v.string(), input),
    limitBytes: v.exactOptional(time),
  }),
  import: importPart,
  proxies: v.strictObject({ since: v.exactOptional(time) }),
  'proxy-add': v.strictObject({ name, address: v.exactOptional(name), container: v.exactOptional(name) }),
  'proxy-remove': v.strictObject({ name }),
  caches: nothing,
  'cache-records': nothing,
  doctor: nothing,
  logs: v.strictObject({ lines: v.exactOptional(count), cursor: v.exactOptional(name) }),
  'run-begin': v.strictObject({ command: v.pipe(v.array(v.string()), v.maxLength(100_000)), pid }),
  'run-progress': v.strictObject({ runId: name, build: v.exactOptional(toldBuild) }),
  'run-end': v.strictObject({ runId: name, pid, final: v.boolean() }),
  links: nothing,
  'link-set': v.strictObject({
    name,
    metered: v.exactOptional(v.picklist(['yes', 'no', 'auto'])),
    price: v.exactOptional(v.union([price, v.literal('none')])),
    limitBytes: v.exactOptional(v.union([bytes, v.literal('default')])),
  }),
  budgets: nothing,
  'budget-set': v.strictObject({
    link: name,
    limitBytes: bytes,
    cycle,
    timeZone: name,
    usedBytes: v.exactOptional(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
  }),
  'budget-rm': v.strictObject({ link: name }),
  prompt: nothing,
  'warnings-seen': v.strictObject({ until: time }),
  subscribe: nothing,
  stop: nothing,
};

const envelope = v.object({ version: v.number(), id: v.pipe(v.number(), v.safeInteger()), type: v.string() });

/** `id` is 0 where none could be read. */
export type ReadRequest = { id: number; request: Request } | { id: number; error: NetmeterError };

/**
 * Never throws: `error` is a `protocol-mismatch` for another version, whatever else is in the request,
 * and `usage` for everything that is no request.
 */
export function readRequest(text: string, daemonVersion: string): ReadRequest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { id: 0, error: new NetmeterError('usage', 'the request is not JSON') };
  }
  const head = v.safeParse(envelope, value);
  if (!head.success) return { id: 0, error: invalid('the request', head.issues) };
  const { version, id, type } = head.output;
  if (version !== PROTOCOL_VERSION) return { id, error: protocolMismatch(version, daemonVersion) };
  if (!isRequestType(type)) {
    return { id, error: new NetmeterError('usage', `unknown request type ${JSON.stringify(type)}`) };
  }
  const body = v.safeParse(params[type] as v.GenericSchema, (value as { params?: unknown }).params ?? {});
  if (!body.success) return { id, error: invalid(`the request "${type}"`, body.issues) };
  return { id, request: { version, id, type, params: body.output } as Request };
}

function isRequestType(type: string): type is RequestType {
  return Object.hasOwn(params, type);
}

function invalid(what: string, issues: readonly v.BaseIssue<unknown>[]): NetmeterError {
  const issue = issues[0];
  const path = issue === undefined ? null : v.getDotPath(issue);
  const where = path === null ? '' : ` at ${path}`;
  return new NetmeterError('usage', `${what} is invalid${where}: ${issue?.message ?? 'no reason known'}`);
}
