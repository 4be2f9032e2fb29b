/** A project that is estimated and built again and again, with what each build really took from the far side. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EstimateDocument } from '../../../src/protocol/documents.js';
import { finishedBuild } from '../exactness/documents.js';
import {
  type Cleanup,
  difference,
  docker,
  type Netmeter,
  uplinkCounters,
  withoutEthernet,
} from '../harness/index.js';
import { api } from '../observe/engine-api.js';

/** An estimate, and what crossed the uplink while the build ran that it was for. */
export interface Taken {
  estimate: EstimateDocument;
  wireBytes: number;
}

export class Project {
  readonly folder = mkdtempSync(join(tmpdir(), 'netmeter-estimate-'));
  readonly id = randomUUID().slice(0, 8);
  readonly #netmeter: Netmeter;
  /** What the names of its images begin with. */
  readonly prefix = `estimate-${this.id}-`;
  #builds = 0;

  constructor(netmeter: Netmeter, cleanup: Cleanup) {
    this.#netmeter = netmeter;
    cleanup.defer(() => rmSync(this.folder, { recursive: true, force: true }));
    cleanup.defer(() => this.#removeImages());
  }

  write(files: Readonly<Record<string, string>>): void {
    for (const [path, content] of Object.entries(files)) writeFileSync(join(this.folder, path), content);
  }

  async #removeImages(): Promise<void> {
    const { stdout } = await docker('28', ['images', '-q', `${this.prefix}*`], { anyExit: true });
    const images = [...new Set(stdout.split('\n').filter(Boolean))];
    if (images.length > 0) await docker('28', ['rmi', '-f', ...images], { anyExit: true });
  }

  estimate(...flags: string[]): Promise<EstimateDocument> {
    return this.#netmeter.json(['estimate', ...flags, this.folder]);
  }

  /** Estimates first, then builds, as somebody at a terminal would. */
  async build(...flags: string[]): Promise<Taken> {
    const estimate = await this.estimate(...flags);
    const tag = `${this.prefix}${++this.#builds}`;
    const before = uplinkCounters();
    await docker('28', ['build', '-q', '-t', tag, ...flags, '.'], {
      cwd: this.folder,
      timeoutMs: 120_000,
      // Where buildx writes down which folder a build was of, as at home.
      env: { BUILDX_CONFIG: join(homedir(), '.docker/buildx') },
    });
    const wire = withoutEthernet(difference(uplinkCounters(), before));
    await finishedBuild(this.#netmeter, tag, 'inferred');
    return { estimate, wireBytes: wire.rxBytes + wire.txBytes };
  }
}

interface BuildRecord {
  ID: string;
  Type: string;
  Description: string;
}

/** BuildKit's records of Engine 28, to forget those that a test made and no others. */
export class BuildCache {
  readonly #before = new Set<string>();

  async start(cleanup: Cleanup): Promise<void> {
    for (const { ID } of await records()) this.#before.add(ID);
    cleanup.defer(() => this.forget(() => true));
  }

  /** Layers that lie on others go first: those can be forgotten then. */
  async forget(isWanted: (record: BuildRecord) => boolean): Promise<void> {
    for (let pass = 0; pass < 12; pass++) {
      const mine = (await records()).filter((record) => !this.#before.has(record.ID) && isWanted(record));
      if (mine.length === 0) return;
      for (const { ID } of mine) {
        const filters = encodeURIComponent(JSON.stringify({ id: { [ID]: true } }));
        await api('28', 'POST', `/build/prune?all=1&filters=${filters}`);
      }
    }
  }
}

async function records(): Promise<BuildRecord[]> {
  const answer = JSON.parse(await api('28', 'GET', '/v1.47/system/df?type=build-cache'));
  return (answer as { BuildCache: BuildRecord[] | null }).BuildCache ?? [];
}
