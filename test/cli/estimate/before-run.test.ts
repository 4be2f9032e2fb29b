import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { warningBefore } from '../../../cli/estimate/before-run.js';
import type { EstimateDocument } from '../../../src/protocol/documents.js';
import { resolvePlaces } from '../../../src/protocol/paths.js';
import { startServer } from '../../daemon/server/harness.js';

const DOCUMENT: EstimateDocument = {
  schema: 1,
  fetchBytes: 42_000_000,
  lowBytes: 40_000_000,
  highBytes: 44_000_000,
  basis: 'measured',
  coldBytes: null,
  link: 'Phone',
  metered: true,
  remainingBytes: 30_000_000,
  limitBytes: null,
  allowed: false,
  steps: [],
};

async function warning(command: string[], document: EstimateDocument): Promise<string | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'nm-r-'));
  writeFileSync(join(folder, 'Dockerfile'), 'FROM a\nCOPY . .\n');
  const setup = await startServer({}, { estimate: () => document });
  try {
    const places = resolvePlaces({ env: { NETMETER_STATE_DIR: setup.dir }, uid: 0, cwd: folder });
    const io = { cwd: folder, env: {}, signal: new AbortController().signal };
    return await warningBefore(command, places, io);
  } finally {
    await setup.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

test('on a metered link, what a docker build will fetch is said before it runs', async () => {
  for (const command of ['docker build -t x .', '/usr/bin/docker buildx build --pull .']) {
    assert.is(
      await warning(command.split(' '), DOCUMENT),
      'netmeter: This build will fetch about 42.0 MB (between 40.0 MB and 44.0 MB, measured). ' +
        'That is over what is left of the budget, 30.0 MB (Phone is metered).\n',
    );
  }
});

test('nothing is said elsewhere, of other commands, and of builds that cannot be looked into', async () => {
  assert.is(await warning(['docker', 'build', '.'], { ...DOCUMENT, metered: false }), undefined);
  assert.is(await warning(['docker', 'build', '.'], { ...DOCUMENT, metered: null }), undefined);
  for (const command of ['docker run x', 'make build', 'docker build -', 'docker build nowhere']) {
    assert.is(await warning(command.split(' '), DOCUMENT), undefined, command);
  }
});

test.run();
