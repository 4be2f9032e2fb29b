/**
 * Compiles the BPF programs of the exact meter and writes their bytecode as a TypeScript module, which is
 * committed: users need no compiler.
 *
 *   node --import tsx scripts/build-bpf.ts           writes the module
 *   node --import tsx scripts/build-bpf.ts --check   compiles and compares, exit 1 when they differ
 *
 * Needs clang 14 (another version makes other bytecode) and the headers of libbpf and Linux: on Debian 12
 * `apt-get install clang libbpf-dev`. `CLANG` names another binary.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BpfObject, type ProgramCode, readBpfObject } from './build-bpf-elf.js';
import { hashSources, heardDir, programDir } from './build-bpf-sources.js';

const CLANG_VERSION = '14';
const clang = process.env.CLANG ?? 'clang';

interface Build {
  file: string;
  defines: string[];
  suffix: string;
}

/** Each its own module, since what is pinned goes by the version of what is in it. */
const modules = [
  {
    target: fileURLToPath(new URL('../daemon/meter/ebpf/generated/bytecode.ts', import.meta.url)),
    sources: [programDir],
    builds: [
      { file: 'meter.bpf.c', defines: ['-DNETNS_COOKIE'], suffix: '' },
      { file: 'meter.bpf.c', defines: [], suffix: '_without_netns' },
      { file: 'link.bpf.c', defines: [], suffix: '' },
      { file: 'names.bpf.c', defines: [], suffix: '' },
    ],
  },
  {
    target: fileURLToPath(new URL('../daemon/observe/names/generated/bytecode.ts', import.meta.url)),
    sources: [heardDir, programDir],
    builds: [{ file: 'heard.bpf.c', defines: [], suffix: '' }],
  },
];

function compile(path: string, defines: string[], directory: string): BpfObject {
  const output = join(directory, 'object.o');
  const flags = ['-O2', '-target', 'bpf', '-mcpu=v3', '-Wall', '-Wextra', '-Werror'];
  // Debian keeps <asm/types.h> in a directory of the architecture.
  const headers = `-I/usr/include/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`;
  execFileSync(clang, [...flags, headers, ...defines, '-c', path, '-o', output], {
    stdio: 'inherit',
  });
  return readBpfObject(readFileSync(output));
}

function compileAll(builds: readonly Build[], sourceDir: string): BpfObject {
  const directory = mkdtempSync(join(tmpdir(), 'build-bpf-'));
  const all: BpfObject = { maps: new Map(), programs: new Map() };
  try {
    for (const { file, defines, suffix } of builds) {
      const object = compile(join(sourceDir, file), defines, directory);
      for (const [name, map] of object.maps) all.maps.set(name, map);
      for (const [name, program] of object.programs) all.programs.set(name + suffix, program);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
  return all;
}

function renderProgram(name: string, { instructions, mapUses }: ProgramCode): string {
  const hex =
    Buffer.from(instructions)
      .toString('hex')
      .match(/.{1,96}/g) ?? [];
  const uses = mapUses.map(({ instruction, map }) => `[${instruction}, '${map}']`).join(', ');
  const code = hex.map((line) => `      '${line}',`).join('\n');
  return `  ${name}: {\n    mapUses: [${uses}],\n    code: [\n${code}\n    ],\n  },`;
}

function render({ maps, programs }: BpfObject, sources: readonly string[]): string {
  const mapLines = [...maps].map(([name, map]) => {
    const fields = Object.entries(map).map(([key, value]) => `${key}: ${value}`);
    return `  ${name}: { ${fields.join(', ')} },`;
  });
  const programLines = [...programs].map(([name, program]) => renderProgram(name, program));
  const body = [
    `export const maps = {\n${mapLines.join('\n')}\n} as const;\n`,
    `export const programs = {\n${programLines.join('\n')}\n} as const;\n`,
  ].join('\n');
  const version = createHash('sha256').update(body).digest('hex').slice(0, 12);
  return [
    `// Written by scripts/build-bpf.ts with clang ${CLANG_VERSION} from the sources in ../program. Do not edit.\n`,
    '/** SHA-256 of the sources. */',
    `export const sourceHash = '${hashSources(sources)}';\n`,
    '/** Identifies maps and programs: pinned objects of another version are replaced. */',
    `export const version = '${version}';\n`,
    body,
  ].join('\n');
}

const found = /version (\d+)/.exec(execFileSync(clang, ['--version'], { encoding: 'utf8' }))?.[1];
if (found !== CLANG_VERSION) {
  console.error(
    `clang ${CLANG_VERSION} is needed, ${clang} is version ${found}. Set CLANG to another binary.`,
  );
  process.exit(2);
}
for (const { target, sources, builds } of modules) {
  const module = render(compileAll(builds, sources[0]!), sources);
  if (!process.argv.includes('--check')) {
    writeFileSync(target, module);
  } else if (readFileSync(target, 'utf8') !== module) {
    console.error(
      `${target} is not what its sources compile to. Run: node --import tsx scripts/build-bpf.ts`,
    );
    process.exit(1);
  }
}
