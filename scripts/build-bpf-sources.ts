import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the sources of the BPF programs are. */
export const programDir = fileURLToPath(new URL('../daemon/meter/ebpf/program', import.meta.url));

/** Where the sources of the programs that hear names are. */
export const heardDir = fileURLToPath(new URL('../daemon/observe/names/program', import.meta.url));

/** SHA-256 over all sources, which is in the bytecode: it tells without a compiler whether both belong together. */
export function hashSources(directories: readonly string[] = [programDir]): string {
  const hash = createHash('sha256');
  for (const directory of directories) {
    for (const name of readdirSync(directory).sort()) hash.update(readFileSync(join(directory, name)));
  }
  return hash.digest('hex');
}
