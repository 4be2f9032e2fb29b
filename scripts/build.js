/**
 * Bundles netmeter into dist/: the command line as one CommonJS file, since that starts fastest,
 * the daemon as ES modules split where it imports lazily. Native packages stay outside.
 */
import { chmodSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { version, dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const nativePackages = ['sqlite3', 'koffi'];
for (const name of nativePackages) {
  if (dependencies[name] === undefined)
    throw new Error(`scripts/build.js: ${name} is not a dependency any more`);
}

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20.11',
  external: nativePackages,
  legalComments: 'none',
  logLevel: 'warning',
};

rmSync(join(root, 'dist'), { recursive: true, force: true });

await build({
  ...common,
  entryPoints: ['cli/main.ts'],
  outfile: 'dist/cli/main.cjs',
  format: 'cjs',
  minify: true,
  keepNames: true,
  banner: {
    js: '#!/usr/bin/env node\nconst __entryUrl = require("node:url").pathToFileURL(__filename).href;',
  },
  define: { 'import.meta.url': '__entryUrl', __NETMETER_VERSION__: JSON.stringify(version) },
});
chmodSync(join(root, 'dist/cli/main.cjs'), 0o755);

await build({
  ...common,
  entryPoints: ['daemon/main.ts', 'daemon/query.ts', 'daemon/doctor.ts'],
  outdir: 'dist/daemon',
  format: 'esm',
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);",
  },
  define: { __NETMETER_VERSION__: JSON.stringify(version) },
});
