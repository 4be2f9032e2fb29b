/**
 * bad-days: what people meet on a bad day, from a missing engine to a full disk, end to end. Each test asks
 * for the code, the words that name the thing, what to do about it, the exit status, and the bytes.
 */
import { mkdirSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as assert from 'uvu/assert';
import type { ErrorDocument, StatusDocument } from '../../../src/protocol/documents.js';
import type { Readiness } from '../../../src/protocol/launch.js';
import { assertWithin, receivedOverTcp } from '../exactness/expectations.js';
import {
  bytesPath,
  type Cleanup,
  engine,
  eventually,
  lab,
  type Netmeter,
  originPath,
  type RunResult,
  run,
} from '../harness/index.js';

/** What a refusal must say. */
export interface Refusal {
  code: string;
  exit: number;
  /** Names the thing. */
  message: RegExp;
  /** What to do. */
  hint: RegExp;
}

/**
 * Holds a command that was run with --json against what it must say: as a document on standard output, and
 * for people on standard error.
 */
export function assertRefused(result: RunResult, { code, exit, message, hint }: Refusal): void {
  const { exitCode, stdout, stderr } = result;
  assert.is(exitCode, exit, `exit ${exitCode}: ${stdout}${stderr}`);
  const { error, schema } = JSON.parse(stdout) as ErrorDocument;
  assert.is(schema, 1);
  assert.is(error.code, code, `${error.code}: ${error.message}`);
  assert.match(error.message, message);
  assert.match(error.hint ?? 'no hint', hint);
  assert.ok(stderr.includes(`(${code})`), stderr);
  assert.ok(stderr.includes(error.hint?.split('\n')[0] ?? ''), stderr);
}

export type StartDocument = Readiness & { started: boolean; pid: number };

/** `netmeter start --json` within another command, such as `setpriv`; none by default. */
export function startUnder(netmeter: Netmeter, prefix: readonly string[] = []): Promise<RunResult> {
  const { command, args, env } = netmeter.foreground();
  const words = [...prefix, command, ...args.filter((word) => word !== '--foreground'), '--json'];
  return run(words[0]!, words.slice(1), { env, anyExit: true });
}

/** What a start that succeeded said. */
export async function started(starting: Promise<RunResult>): Promise<StartDocument> {
  const { exitCode, stdout, stderr } = await starting;
  assert.is(exitCode, 0, `exit ${exitCode}: ${stdout}${stderr}`);
  return JSON.parse(stdout) as StartDocument;
}

/** Runs a command in a mount namespace of its own, after a shell's preparations in there. */
export function withMounts(preparation: string): string[] {
  const script = `set -e; ${preparation}\nexec "$@"`;
  return ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, 'sh'];
}

/** Runs a command as somebody who is nobody here. */
export function asUser(uid: number, groups: readonly number[] = []): string[] {
  const all = groups.length === 0 ? ['--clear-groups'] : ['--groups', groups.join()];
  return ['setpriv', '--reuid', String(uid), '--regid', String(uid), ...all];
}

/** Whoever is not on this machine. */
export const STRANGER = 54_321;

export function status(netmeter: Netmeter, since?: string): Promise<StatusDocument> {
  return netmeter.json<StatusDocument>(since === undefined ? ['status'] : ['status', '--since', since]);
}

/** One source of a status document, or of a start's. */
export function sourceNamed<Source extends { name: string }>(
  sources: readonly Source[],
  name: string,
): Source {
  const found = sources.find((source) => source.name === name);
  if (found === undefined) throw new Error(`no source ${name} among ${sources.map((it) => it.name).join()}`);
  return found;
}

/** The source once it works, or no longer does. */
export function sourceTurns(netmeter: Netmeter, name: string, ok: boolean) {
  return eventually(`${name} to turn ${ok ? 'good' : 'bad'}`, 30_000, async () => {
    const source = sourceNamed((await status(netmeter)).sources, name);
    return source.ok === ok ? source : undefined;
  });
}

/** A directory that everybody may enter; `cleanup` removes it. */
export function openDirectory(cleanup: Cleanup): string {
  const dir = mkdtempSync(join(tmpdir(), 'netmeter-open-'));
  cleanup.defer(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

let owners = 0;

/** A cgroup of its own on the host, which downloads: an owner that nobody else's bytes mix with. */
export class Downloader {
  readonly name = `nm-bad-day-${process.pid}-${++owners}`;
  readonly #dir = join(dirname(engine('28').cgroup), this.name);
  readonly #paths: string[] = [];

  constructor(cleanup: Cleanup) {
    mkdirSync(this.#dir);
    cleanup.defer(() => rmdirSync(this.#dir));
  }

  async download(bytes = 1_000_000): Promise<void> {
    const path = bytesPath(bytes, this.name);
    this.#paths.push(path);
    const script = `echo $$ > ${this.#dir}/cgroup.procs; exec curl -sf -o /dev/null ${lab().origin}${path}`;
    await run('sh', ['-c', script]);
  }

  /** Bytes on the wire for everything so far, as the origin counted it. */
  async received(): Promise<number> {
    const counts = await Promise.all(this.#paths.map(originPath));
    return counts.reduce((sum, count) => sum + receivedOverTcp(count), 0);
  }

  /** Nothing is lost, and nothing is counted twice; a segment that was not full has a header more. */
  async assertCounted(netmeter: Netmeter, since?: string): Promise<void> {
    const owner = (await status(netmeter, since)).owners.find(({ name }) => name === this.name);
    assertWithin(owner?.wan.rxBytes ?? 0, await this.received(), 1e-2, `what ${this.name} downloaded`);
  }
}
