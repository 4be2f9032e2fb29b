/** The builds that scripts/record-fixtures/buildkit.ts records, one file each. */
import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  build,
  bytesPath,
  type Cleanup,
  docker,
  engine,
  lab,
  pushRandomImage,
} from '../../test/lab/harness/index.js';
import { slowRegistry } from '../../test/lab/observe/slow-registry.js';

/** @param label to be put on every build */
type Scenario = (label: string, cleanup: Cleanup) => Promise<void>;

const PORT = 5017;

const run = (
  label: string,
  dockerfile: string,
  more: { flags?: string[]; anyExit?: boolean; env?: Record<string, string> } = {},
) => {
  const { flags = [], ...rest } = more;
  return build({ engine: '28', dockerfile, flags: [...flags, '--label', label], ...rest });
};

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export const scenarios: Record<string, Scenario> = {
  /** Two images at once over a slow line, ADD of a slow URL, ADD of a repository, then the same again. */
  async pulls(label, cleanup) {
    const slow = await slowRegistry(cleanup, PORT, 4_000_000);
    const images = [
      await pushRandomImage('fixture-a', [9_000_000, 2_500_000]),
      await pushRandomImage('fixture-b', [4_000_000]),
    ].map(({ reference }) => reference.replace(lab().registry, slow));
    const dockerfile = [
      `FROM ${images[0]} AS a`,
      `FROM ${images[1]} AS b`,
      'FROM nm-busybox AS app',
      `ADD ${lab().origin}/slow/1000000/${randomUUID()}?rate=500000 /x`,
      `ADD ${lab().origin}/git/sample.git /src`,
      'COPY --from=a / /a/',
      'COPY --from=b / /b/',
      `RUN wget -q -O /dev/null ${lab().origin}${bytesPath(200_000, 'run')}`,
    ].join('\n');
    cleanup.defer(() =>
      docker('28', ['rmi', '-f', 'netmeter-fixture:pulls', 'netmeter-fixture:again'], { anyExit: true }),
    );
    await run(label, dockerfile, { flags: ['-t', 'netmeter-fixture:pulls'] });
    await run(label, dockerfile, { flags: ['-t', 'netmeter-fixture:pulls', '-t', 'netmeter-fixture:again'] });
  },

  /** A stage fails and takes its neighbour along. */
  async failed(label) {
    const stages = [
      'FROM nm-busybox AS slow',
      'RUN sleep 30',
      'FROM nm-busybox AS bad',
      'RUN sleep 1; echo no >&2; exit 7',
    ];
    const last = ['FROM nm-busybox', 'COPY --from=slow /etc /a', 'COPY --from=bad /etc /b', 'RUN echo never'];
    await run(label, [...stages, ...last].join('\n'), { anyExit: true });
  },

  /** Somebody types Ctrl-C. */
  async canceled(label) {
    const dir = mkdtempSync(join(tmpdir(), 'netmeter-fixture-'));
    writeFileSync(
      join(dir, 'Dockerfile'),
      `FROM nm-busybox\nRUN sleep 30; echo ${randomBytes(4).toString('hex')}\nRUN echo never\n`,
    );
    try {
      const words = ['build', '-q', '--label', label, dir];
      const child = spawn(engine('28').client, words, { stdio: 'ignore' });
      const ended = new Promise((resolve) => child.once('close', resolve));
      await pause(4_000);
      child.kill('SIGINT');
      await ended;
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  },

  /** The second build starts while the first one runs the step that both need. */
  async shared(label) {
    const common = `FROM nm-busybox\nRUN sleep 4; echo ${randomBytes(4).toString('hex')}\n`;
    const first = run(label, `${common}RUN echo one`);
    await pause(2_000);
    await Promise.all([first, run(label, `${common}RUN echo two`)]);
  },

  /** Everything that gives a step an odd name. */
  async names(label, cleanup) {
    const dir = mkdtempSync(join(tmpdir(), 'netmeter-fixture-'));
    cleanup.defer(() => rmSync(dir, { recursive: true, force: true }));
    writeFileSync(join(dir, 'f'), randomBytes(20_000));
    const file = `${lab().origin}${bytesPath(30_000, 'one')}`;
    const dockerfile = [
      'FROM base AS tools',
      'ARG WHO=world',
      'WORKDIR /work',
      'RUN <<EOT',
      'printf "\\033[31mred\\033[0m"',
      'EOT',
      'RUN echo "\u001b[31m$WHO\u001b[0m" ; echo [9/9] RUN nothing',
      `ADD ${file} ${lab().origin}${bytesPath(40_000, 'two')} /d/`,
      `ADD ["${lab().origin}${bytesPath(10_000, 'json')}", "/j"]`,
      'FROM --platform=linux/arm64 scratch AS other',
      'COPY --from=src f /f',
      'FROM tools',
      'COPY --link --from=other /f /g',
      `COPY --from=${lab().registry}/busybox:1 /bin/sh /s`,
      'RUN --mount=type=cache,target=/root/.cache,id=fixture echo cached > /root/.cache/x',
    ].join('\n');
    const contexts = [`base=docker-image://${lab().registry}/busybox:1`, `src=${dir}`];
    await run(label, dockerfile, {
      flags: [
        '--no-cache',
        '--build-arg',
        'WHO=moon',
        ...contexts.flatMap((context) => ['--build-context', context]),
      ],
    });
  },

  /** A repository as the context, then one that does not exist. */
  async contexts(label) {
    await docker('28', ['build', '--no-cache', '--label', label, `${lab().origin}/git/sample.git`]);
    const missing = `${lab().origin}/bytes/100/no-archive-${randomUUID()}.tar`;
    await docker('28', ['build', '--label', label, missing], { anyExit: true });
  },

  /** Two services of one project. */
  async compose(label, cleanup) {
    const dir = mkdtempSync(join(tmpdir(), 'netmeter-fixture-'));
    cleanup.defer(() => rmSync(dir, { recursive: true, force: true }));
    cleanup.defer(() => docker('28', ['rmi', '-f', 'shop-web', 'shop-api'], { anyExit: true }));
    const [key, value] = label.split('=');
    const service = (target: string) => ({
      build: {
        context: dir,
        target,
        labels: { [key!]: value },
        args: { SALT: randomBytes(4).toString('hex') },
      },
    });
    writeFileSync(
      join(dir, 'Dockerfile'),
      'FROM nm-busybox AS web\nARG SALT\nRUN echo web $SALT\nFROM nm-busybox AS api\nARG SALT\nRUN echo api $SALT\n',
    );
    writeFileSync(
      join(dir, 'compose.json'),
      JSON.stringify({ name: 'shop', services: { web: service('web'), api: service('api') } }),
    );
    await docker('28', ['compose', '-f', join(dir, 'compose.json'), 'build']);
  },
};
