/**
 * Generates TypeScript from the .proto files that the daemon speaks to engines with, without a network.
 * With --check nothing is written: the exit status says whether the committed code is what they give.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, 'daemon/observe/buildkit/proto');
const committed = join(root, 'daemon/observe/buildkit/generated');
const bin = (name) => join(root, 'node_modules/.bin', name);

function generate(out) {
  const template = {
    version: 'v2',
    clean: true,
    plugins: [{ local: bin('protoc-gen-es'), out, opt: ['target=ts', 'import_extension=js'] }],
  };
  execFileSync(bin('buf'), ['generate', source, '--template', JSON.stringify(template)], {
    stdio: 'inherit',
  });
}

function contents(dir) {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map((entry) => {
      const path = join(entry.parentPath ?? entry.path, entry.name);
      return [relative(dir, path), readFileSync(path, 'utf8')];
    }),
  );
}

function staleFiles() {
  const scratch = mkdtempSync(join(tmpdir(), 'netmeter-proto-'));
  try {
    generate(scratch);
    const fresh = contents(scratch);
    const kept = contents(committed);
    return [...new Set([...fresh.keys(), ...kept.keys()])].filter(
      (path) => fresh.get(path) !== kept.get(path),
    );
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

if (process.argv.includes('--check')) {
  const stale = staleFiles();
  for (const path of stale)
    console.error(`${relative(root, join(committed, path))}: not what the .proto files give`);
  if (stale.length > 0) {
    console.error('Run: node scripts/generate-proto.js');
    process.exitCode = 1;
  }
} else {
  generate(committed);
}
