// Images that hold a program of this machine with the libraries it asks for, under a well-known name.
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Cleanup, docker, run } from '../harness/index.js';

export interface ProgramImage {
  readonly tag: string;
  /** Absolute paths of programs. */
  readonly programs: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly command: readonly string[];
}

export async function importImage(cleanup: Cleanup, image: ProgramImage): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'netmeter-image-'));
  try {
    for (const name of ['tmp', 'run', 'var/tmp', 'dev', 'proc', 'sys']) {
      mkdirSync(join(root, name), { recursive: true });
    }
    const { stdout } = await run('ldd', image.programs);
    const libraries = stdout.match(/\/\S+\.so\S*(?= \(0x)/g) ?? [];
    for (const path of new Set([...image.programs, ...libraries])) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      copyFileSync(path, join(root, path));
    }
    const passwd = 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n';
    const files = { '/etc/passwd': passwd, '/etc/group': 'root:x:0:\nnogroup:x:65534:\n', ...image.files };
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    const tar = join(root, '..', `${root.split('/').at(-1)}.tar`);
    await run('tar', ['-C', root, '-cf', tar, '.']);
    const changes = [
      `CMD ${JSON.stringify(image.command)}`,
      ...Object.entries(image.env ?? {}).map(([name, value]) => `ENV ${name}=${value}`),
    ];
    try {
      const words = changes.flatMap((change) => ['--change', change]);
      await docker('28', ['import', ...words, '-', image.tag], { input: readFileSync(tar) });
    } finally {
      rmSync(tar);
    }
    cleanup.defer(() => docker('28', ['rmi', '-f', image.tag], { anyExit: true }));
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
