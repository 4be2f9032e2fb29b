/**
 * Records what clients write down of real builds, into test/fixtures/records: progress as `rawjson` and `plain` of
 * buildx on Engine 28 and of the client of 20.10, and an exported history record.
 * Needs the lab with both engines. usage: node --import tsx scripts/record-fixtures/records.ts
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, docker, type EngineName, pushRandomImage } from '../../test/lab/harness/index.js';

const OUT = fileURLToPath(new URL('../../test/fixtures/records/', import.meta.url));
const MB = 1_000_000;

const dockerfile = (base: string, unique: string) => `FROM ${base} AS assets
FROM nm-busybox AS app
RUN echo ${unique}; sleep 0.3
RUN <<EOT
  echo in a heredoc
  echo ${unique} of it
EOT
FROM app AS other
RUN echo ${unique} elsewhere; sleep 0.5
FROM app
COPY --from=other /etc /other
COPY --from=assets / /assets
RUN false ${unique} || echo went on
`;

/** The client of 20.10 knows no heredocs in the built-in frontend. */
const oldDockerfile = (base: string, unique: string) =>
  dockerfile(base, unique).replace(/RUN <<EOT[\s\S]*?EOT\n/, `RUN echo ${unique} again\n`);

async function record(
  engine: EngineName,
  name: string,
  make: typeof dockerfile,
  flags: string[],
): Promise<string> {
  const image = await pushRandomImage('records', [3 * MB, MB]);
  // BuildKit of 20.10 does not know the engine's insecure registries.
  if (engine === '20') await docker(engine, ['pull', image.reference]);
  const unique = name.replace(/\W/g, '');
  const tag = `records-${unique}`;
  const { stdout, stderr } = await build({
    engine,
    dockerfile: make(image.reference, unique),
    flags: ['-t', tag, ...flags],
    ...(engine === '20' ? { env: { DOCKER_BUILDKIT: '1' } } : {}),
  });
  const { stdout: inspected } = await docker(engine, ['image', 'inspect', '--format', '{{.Id}}', tag]);
  console.log(name, inspected.trim());
  await docker(engine, ['image', 'rm', '-f', tag]);
  const sizes = image.layers.map(({ size }) => size);
  const truth = { layers: sizes, manifestBytes: image.manifestBytes, configBytes: image.configBytes };
  writeFileSync(join(OUT, `${name}.truth.json`), `${JSON.stringify(truth)}\n`);
  return stdout + stderr;
}

async function exportedRecord(): Promise<Buffer> {
  const { stdout } = await docker('28', ['buildx', 'history', 'ls', '--format', '{{.Ref}}']);
  const directory = mkdtempSync(join(tmpdir(), 'netmeter-record-'));
  try {
    const file = join(directory, 'out.dockerbuild');
    const ref = stdout.split('\n')[0]!.split('/').at(-1)!;
    await docker('28', ['buildx', 'history', 'export', '-o', file, ref]);
    return readFileSync(file);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

writeFileSync(
  join(OUT, 'buildx-0.29.rawjson'),
  await record('28', 'buildx-0.29.rawjson', dockerfile, ['--progress=rawjson']),
);
writeFileSync(
  join(OUT, 'buildx-0.29.plain.log'),
  await record('28', 'buildx-0.29.plain.log', dockerfile, ['--no-cache']),
);
await record('28', 'buildx-0.29.dockerbuild', dockerfile, []);
writeFileSync(join(OUT, 'buildx-0.29.dockerbuild'), await exportedRecord());
writeFileSync(
  join(OUT, 'docker-20.10.plain.log'),
  await record('20', 'docker-20.10.plain.log', oldDockerfile, []),
);
