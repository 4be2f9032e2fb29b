/** `netmeter run -- docker build` as people type it, with the client's stderr kept besides. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunDocument } from '../../../src/protocol/documents.js';
import { type Cleanup, engine, type Netmeter } from '../harness/index.js';

export interface ToldRun {
  document: RunDocument;
  exitCode: number | null;
  /** As it came out of netmeter. */
  stderr: string;
  /** As the client wrote it. */
  written: string;
}

/** Runs one build with Engine 20.10's own client. */
export async function buildUnderRun(
  cleanup: Cleanup,
  netmeter: Netmeter,
  dockerfile: string,
  flags: readonly string[] = [],
): Promise<ToldRun> {
  const folder = mkdtempSync(join(tmpdir(), 'netmeter-told-'));
  cleanup.defer(() => rmSync(folder, { recursive: true, force: true }));
  const context = join(folder, 'context');
  const docker = join(folder, 'docker');
  const copy = join(folder, 'stderr');
  mkdirSync(context);
  writeFileSync(join(context, 'Dockerfile'), dockerfile);
  writeFileSync(
    docker,
    `#!/bin/bash\nset -o pipefail\n{ ${engine('20').client} "$@" 2>&1 >&3 | tee ${copy} >&2; } 3>&1\n`,
  );
  chmodSync(docker, 0o755);
  const { exitCode, stdout, stderr } = await netmeter.run(
    ['run', '--json', '--', docker, 'build', ...flags, context],
    { env: { DOCKER_BUILDKIT: '1' }, anyExit: true, timeoutMs: 120_000 },
  );
  return {
    document: JSON.parse(stdout) as RunDocument,
    exitCode,
    stderr,
    written: readFileSync(copy, 'utf8'),
  };
}
