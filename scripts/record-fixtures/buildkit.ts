/**
 * Records what a real engine's BuildKit says while it builds, into test/fixtures/buildkit/NAME.jsonl.
 * Needs the lab, with Engine 28. usage: node --import tsx scripts/record-fixtures/buildkit.ts [NAME…]
 *
 * A line is `{at, event}` for the history, `{at, ref, status}` for a build's status, `{at, ref, end}` for
 * the end of it, or `{ref, replay}` for what the history told afterwards; messages are in protobuf's JSON.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toJson } from '@bufbuild/protobuf';
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import {
  BuildHistoryEventSchema,
  BuildHistoryEventType,
  Control,
  StatusResponseSchema,
} from '../../daemon/observe/buildkit/generated/control_pb.js';
import { hijack } from '../../daemon/observe/buildkit/hijack.js';
import { resolveEngine } from '../../daemon/observe/docker/engine-address.js';
import { Cleanup, engine } from '../../test/lab/harness/index.js';
import { scenarios } from './buildkit-scenarios.js';

const OUT = fileURLToPath(new URL('../../test/fixtures/buildkit', import.meta.url));
/** Builds of others on the same engine are left out: those recorded bear this label. */
export const LABEL = 'netmeter.fixture';

async function connect() {
  const address = resolveEngine({ dockerHost: engine('28').dockerHost, env: {}, homeDir: '/' });
  const socket = await hijack(address, { path: '/grpc', protocol: 'h2c' }, AbortSignal.timeout(10_000));
  const transport = createGrpcTransport({
    baseUrl: 'http://buildkit',
    nodeOptions: { createConnection: () => socket },
    binaryOptions: { readUnknownFields: false },
  });
  return { client: createClient(Control, transport), close: () => socket.destroy() };
}

type Client = Awaited<ReturnType<typeof connect>>['client'];

async function record(name: string, lines: object[], client: Client, signal: AbortSignal): Promise<string[]> {
  const refs: string[] = [];
  const status = async (ref: string) => {
    for await (const message of client.status({ ref }, { signal })) {
      lines.push({ at: Date.now(), ref, status: toJson(StatusResponseSchema, message) });
    }
    lines.push({ at: Date.now(), ref, end: true });
  };
  const streams: Promise<void>[] = [];
  try {
    for await (const event of client.listenBuildHistory({ activeOnly: true }, { signal })) {
      const { record: build, type } = event;
      if (build?.frontendAttrs[`label:${LABEL}`] !== name) continue;
      lines.push({ at: Date.now(), event: toJson(BuildHistoryEventSchema, event) });
      if (type !== BuildHistoryEventType.STARTED || refs.includes(build.ref)) continue;
      refs.push(build.ref);
      streams.push(status(build.ref));
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  await Promise.allSettled(streams);
  return refs;
}

async function replay(refs: string[], lines: object[], client: Client): Promise<void> {
  for (const ref of refs) {
    for await (const message of client.status({ ref })) {
      lines.push({ ref, replay: toJson(StatusResponseSchema, message) });
    }
  }
}

const wanted = process.argv.slice(2);
for (const [name, scenario] of Object.entries(scenarios)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const { client, close } = await connect();
  const cleanup = new Cleanup();
  const stop = new AbortController();
  const lines: object[] = [];
  const recording = record(name, lines, client, stop.signal);
  try {
    await scenario(`${LABEL}=${name}`, cleanup);
    // The end of a build is told a second time when its trace has been written, some 3 s later.
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    stop.abort();
    await replay(await recording, lines, client);
  } finally {
    stop.abort();
    await cleanup.run();
    close();
  }
  writeFileSync(join(OUT, `${name}.jsonl`), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  console.log(`${name}: ${lines.length} lines`);
}
