/** A real npm in an image, made of this machine's, and packages for it that come from the lab's origin. */
import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Cleanup, docker, engine, lab, run } from '../harness/index.js';

/** An image with node, npm and a shell. */
export async function importNpm(name: string, cleanup: Cleanup): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'netmeter-npm-'));
  try {
    const root = join(folder, 'root');
    for (const part of ['bin', 'etc', 'root', 'tmp', 'usr/bin'])
      mkdirSync(join(root, part), { recursive: true });
    const { stdout: busybox } = await run('sh', ['-c', 'command -v busybox']);
    copyFileSync(busybox.trim(), join(root, 'bin/sh'));
    const { stdout: npm } = await run('sh', ['-c', 'command -v npm']);
    const npmCli = realpathSync(npm.trim());
    writeFileSync(join(root, 'bin/npm'), `#!/bin/sh\nexec ${process.execPath} ${npmCli} "$@"\n`, {
      mode: 0o755,
    });
    writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
    const { stdout: libraries } = await run('ldd', [process.execPath]);
    const files = [process.execPath, dirname(dirname(npmCli)), ...(libraries.match(/\/\S+(?= \()/g) ?? [])];
    const tar = join(folder, 'image.tar');
    await run('tar', [
      '-chf',
      tar,
      '-C',
      root,
      '.',
      '-C',
      '/',
      ...files.map((file) => file.replace(/^\//, '')),
    ]);
    cleanup.defer(() => docker('28', ['rmi', '-f', name], { anyExit: true }));
    await docker('28', ['import', '--change', 'ENV PATH=/bin:/usr/bin', tar, name], { timeoutMs: 120_000 });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A package.json and its lock file, whose packages lie with the origin and hold that many random bytes. */
export async function packagesOf(
  sizes: readonly number[],
  cleanup: Cleanup,
): Promise<{ files: Record<string, string>; paths: string[] }> {
  const label = `npm-${randomBytes(6).toString('hex')}`;
  // What the origin serves lies beside the engines' data; see scripts/lab/parts/servers.sh.
  const served = join(dirname(engine('28').dataDir), 'www/files', label);
  mkdirSync(served, { recursive: true });
  cleanup.defer(() => rmSync(served, { recursive: true, force: true }));
  const packages: Record<string, unknown> = {};
  const dependencies: Record<string, string> = {};
  const paths: string[] = [];
  for (const [index, size] of sizes.entries()) {
    const name = `${label}-${index}`;
    const { integrity, path } = await pack(name, size, served, label);
    paths.push(path);
    dependencies[name] = '1.0.0';
    packages[`node_modules/${name}`] = { version: '1.0.0', resolved: `${lab().origin}${path}`, integrity };
  }
  const project = { name: 'app', version: '1.0.0', dependencies };
  return {
    paths,
    files: {
      'package.json': JSON.stringify(project),
      'package-lock.json': JSON.stringify({
        ...project,
        lockfileVersion: 3,
        packages: { '': project, ...packages },
      }),
    },
  };
}

async function pack(
  name: string,
  size: number,
  served: string,
  label: string,
): Promise<{ integrity: string; path: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'netmeter-pack-'));
  try {
    mkdirSync(join(folder, 'package'));
    writeFileSync(join(folder, 'package/package.json'), JSON.stringify({ name, version: '1.0.0' }));
    writeFileSync(join(folder, 'package/data.bin'), randomBytes(size));
    const file = join(served, `${name}-1.0.0.tgz`);
    await run('tar', ['-czf', file, '-C', folder, 'package']);
    const { stdout } = await run('sh', ['-c', `sha512sum "${file}"`]);
    const digest = Buffer.from(stdout.split(' ')[0] ?? '', 'hex').toString('base64');
    return { integrity: `sha512-${digest}`, path: `/files/${label}/${name}-1.0.0.tgz` };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
