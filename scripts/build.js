/**
 * Bundles netmeter into dist/: the command line as CommonJS, since that starts fastest, in one file what is
 * used all day and in others what is not; the daemon as ES modules split where it imports lazily. Native packages stay
 * outside.
 */
import { chmodSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { version, dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const nativePackages = ['sqlite3', 'koffi'];
/** Large, and needed by few commands: all others would read them to no purpose. */
const rarePackages = ['@homebridge/dbus-native', 'dockerfile-ast'];
for (const name of [...nativePackages, ...rarePackages]) {
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

const LIVE_VIEW = 'live-view.mjs';

const RARE_COMMANDS = 'rare-commands.cjs';
/** In shell prompts, scripts and terminals all day: what they read first is all that they need. */
const oftenUsed = ['status', 'prompt', 'start', 'stop', 'builds', 'build-show', 'logs'];
const commandModules = readdirSync(join(root, 'cli/commands'))
  .map((file) => file.replace(/\.ts$/, ''))
  .filter((name) => name !== 'index');
const rareCommands = commandModules.filter((name) => !oftenUsed.includes(name));

/** Commands that are seldom used are a bundle of their own, loaded when one of them is. */
const rareCommandsApart = {
  name: 'rare commands apart',
  setup({ onResolve }) {
    const filter = new RegExp(`^\\./(?:${rareCommands.join('|')})\\.js$`);
    onResolve({ filter }, ({ importer }) =>
      importer.endsWith('/cli/commands/index.ts')
        ? { path: `./${RARE_COMMANDS}`, external: true }
        : undefined,
    );
  },
};

/** The command line imports the live view where it lies beside it. */
const liveViewApart = {
  name: 'live view apart',
  setup({ onResolve }) {
    onResolve({ filter: /\/ui\/live-view\.js$/ }, () => ({ path: `./${LIVE_VIEW}`, external: true }));
  },
};

/**
 * Ink draws nothing where the environment says CI; whether there is a terminal was decided before. Its
 * developer tools are a package that is not installed.
 */
const inTerminalsAlways = {
  name: 'in terminals always',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(?:is-in-ci|react-devtools-core)$/ }, ({ path }) => ({ path, namespace: 'none' }));
    onLoad({ filter: /.*/, namespace: 'none' }, () => ({ contents: 'export default false;' }));
  },
};

const requireInModules =
  "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);";

rmSync(join(root, 'dist'), { recursive: true, force: true });

const commandLine = {
  ...common,
  format: 'cjs',
  external: [...nativePackages, ...rarePackages],
  minify: true,
  keepNames: true,
  define: { 'import.meta.url': '__entryUrl', __NETMETER_VERSION__: JSON.stringify(version) },
};
const entryUrl = 'const __entryUrl = require("node:url").pathToFileURL(__filename).href;';

await build({
  ...commandLine,
  entryPoints: ['cli/main.ts'],
  outfile: 'dist/cli/main.cjs',
  plugins: [rareCommandsApart, liveViewApart],
  banner: { js: `#!/usr/bin/env node\n${entryUrl}` },
});
chmodSync(join(root, 'dist/cli/main.cjs'), 0o755);

await build({
  ...commandLine,
  stdin: {
    contents: rareCommands.map((name) => `export * from './${name}.js';`).join('\n'),
    resolveDir: join(root, 'cli/commands'),
  },
  outfile: `dist/cli/${RARE_COMMANDS}`,
  plugins: [liveViewApart],
  banner: { js: entryUrl },
});

// The live view is a bundle of its own: Ink is ES modules that await at their top, and nobody else needs it.
await build({
  ...common,
  entryPoints: ['cli/ui/live-view.tsx'],
  outfile: `dist/cli/${LIVE_VIEW}`,
  format: 'esm',
  minify: true,
  keepNames: true,
  plugins: [inTerminalsAlways],
  banner: { js: requireInModules },
  define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
});

await build({
  ...common,
  entryPoints: ['daemon/main.ts', 'daemon/query.ts', 'daemon/doctor.ts', 'daemon/caches.ts'],
  outdir: 'dist/daemon',
  format: 'esm',
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  banner: {
    js: requireInModules,
  },
  define: { __NETMETER_VERSION__: JSON.stringify(version) },
});
