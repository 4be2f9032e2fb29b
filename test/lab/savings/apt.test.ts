// apt with its caches in mounts: what it says itself, where nobody saw it download.
import * as assert from 'uvu/assert';
import { receivedOverTcp } from '../exactness/expectations.js';
import { build, docker, lab, labSuite, startNetmeter } from '../harness/index.js';
import { DEBIAN, sentBelow, since } from './registries.js';
import { assertSaved, buildAndLook, cachingStep, freshTag, MB, saving } from './scene.js';

const test = labSuite('apt');

test(
  'a cache that was warm before netmeter was installed: known by what apt says',
  180_000,
  async (cleanup) => {
    const id = freshTag('apt');
    const dockerfile = (packages: string) => `FROM nm-trixie
ARG ROUND
RUN echo "deb [trusted=yes] ${lab().origin}${DEBIAN} ./" >/etc/apt/sources.list && rm -rf /etc/apt/sources.list.d/*
RUN --mount=type=cache,id=${id},target=/var/cache/apt apt-get update && apt-get install -y ${packages}
`;
    const early = `${id}-early`;
    cleanup.defer(() => docker('28', ['rmi', '-f', early], { anyExit: true }));
    const before = await sentBelow(DEBIAN);
    await build({
      engine: '28',
      dockerfile: dockerfile('nm-beta'),
      flags: ['-t', early],
      args: { ROUND: `${id}-1` },
    });
    const archives = since(before, await sentBelow(DEBIAN));
    assert.ok(archives.bodySent > 6 * MB, `${archives.bodySent} bytes sent`);

    const netmeter = await startNetmeter(cleanup);
    const shown = await buildAndLook(netmeter, cleanup, {
      dockerfile: dockerfile('nm-beta nm-gamma'),
      tag: freshTag('apt'),
      args: { ROUND: `${id}-2` },
    });
    const step = cachingStep(shown, 'apt-get update');
    assert.is(step.cacheMounts[0]?.emptyAtStart, false);
    assert.is(step.coldBasis, 'derived');
    assertSaved(step, 'cache-mount', receivedOverTcp(archives));
    const said = saving(step, 'cache-mount');
    assert.ok(said && said.bytes > 6 * MB && said.bytes < 6.5 * MB, `${said?.bytes} bytes`);
  },
);

test.run();
