import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mountsOf } from '../../../src/dockerfile/mounts.js';
import { readDockerfile } from '../../../src/dockerfile/read.js';
import { resolveStages } from '../../../src/dockerfile/resolve.js';
import { NetmeterError } from '../../../src/errors.js';

const read = (text: string) => readDockerfile(text, 'Dockerfile');

function refusal(text: string): string {
  try {
    read(text);
  } catch (error) {
    assert.instance(error, NetmeterError);
    assert.is((error as NetmeterError).code, 'unreadable-input');
    return (error as Error).message;
  }
  throw new Error('it was read');
}

const FULL = `# syntax=docker/dockerfile:1
ARG VERSION=3.13
ARG BASE="registry.example/python"
FROM --platform=$BUILDPLATFORM \${BASE}:\${VERSION} AS Build
ARG VERSION
ENV HOME=/srv/app PATH="/opt/bin:$PATH"
WORKDIR /src
COPY ["pyproject.toml", "poetry lock", "./"]
RUN --mount=type=cache,id=py-$VERSION,target=\${HOME}/.cache/pip,sharing=locked \\
    # a comment among continued lines

    --mount=type=bind,source=.,target=. \\
    pip install --no-deps \\
      "a b"
run <<EOF
apt-get update
RUN is no instruction here
EOF
USER app
RUN ["make", "all"]
ONBUILD RUN late
FROM build
COPY --from=build --chown=1:1 /src/dist <<note /out/
hello
note
`;

test('stages, instructions, flags, here-documents and lines', () => {
  const file = read(FULL);
  assert.is(file.syntax, 'docker/dockerfile:1');
  assert.equal(
    file.globalArgs.map((each) => each.rest),
    ['VERSION=3.13', 'BASE="registry.example/python"'],
  );
  assert.equal(
    file.stages.map((stage) => [stage.name, stage.base, stage.platform]),
    [
      ['build', `$\{BASE}:$\{VERSION}`, '$BUILDPLATFORM'],
      [undefined, 'build', undefined],
    ],
  );
  const run = file.stages[0]?.instructions.filter((each) => each.keyword === 'RUN') ?? [];
  assert.equal(
    run.map((each) => [each.line, each.endLine]),
    [
      [9, 14],
      [15, 18],
      [20, 20],
    ],
  );
  assert.is(run[0]?.rest, 'pip install --no-deps       "a b"');
  assert.equal(run[1]?.documents, [{ name: 'EOF', content: 'apt-get update\nRUN is no instruction here\n' }]);
  assert.equal(run[2]?.json, ['make', 'all']);
});

test('mounts, with their defaults', () => {
  const [first, bind] = mountsOf(
    read(
      'FROM a\nRUN --mount=dst=/x,type=cache,ro,"uid=1" --mount=target=. --mount=type=cache,target=/y,rw=false true',
    ).stages[0]!.instructions[0]!,
  );
  assert.is(first?.type, 'cache');
  assert.is(first?.target, '/x');
  assert.is(first?.readOnly, true);
  assert.is(first?.uid, '1');
  assert.is(bind?.type, 'bind');
});

test('variables are worth what ARG, ENV and the build say', () => {
  const [build, last] = resolveStages(read(FULL), new Map([['VERSION', '3.14']]));
  assert.is(build?.image, 'registry.example/python:3.14');
  assert.is(last?.image, undefined);
  assert.is(last?.parent, build);
  const pip = build?.steps.find((step) => step.text.includes('pip install'));
  assert.is(pip?.mounts[0]?.id, 'py-3.14');
  assert.is(pip?.mounts[0]?.target, '/srv/app/.cache/pip');
  assert.is(pip?.workdir, '/src');
  assert.equal(build?.steps.find((step) => step.sources.length > 0)?.sources, [
    'pyproject.toml',
    'poetry lock',
  ]);
  const copy = last?.steps.find((step) => step.instruction.keyword === 'COPY');
  assert.is(copy?.from, 'build');
  assert.equal(copy?.sources, ['/src/dist']);
  assert.is(copy?.user, 'app', 'a stage goes on with the user of the one it builds on');
  assert.is(copy?.variables.has('VERSION'), false, 'ARG ends with its stage');
  assert.is(copy?.variables.get('HOME'), '/srv/app');
});

test('what is no Dockerfile is refused with the line', () => {
  assert.match(refusal('{% set x=1 %}\nFROM a\n'), /^Dockerfile:1: there is no instruction "\{%"/);
  assert.match(refusal(''), /Dockerfile:1: there is no FROM/);
  assert.match(refusal('RUN x\nFROM a\n'), /Dockerfile:1: RUN comes before the first FROM/);
  assert.match(refusal('FROM a\n\n\nFROM a b\n'), /Dockerfile:4: FROM takes/);
  assert.match(refusal('FROM a AS "x"\n'), /Dockerfile:1: .*no name for a stage/);
  assert.match(refusal('FROM a\nRUN <<EOF\nnever\n'), /Dockerfile:2: the here-document "EOF" has no end/);
  assert.match(refusal('FROM a\nRUN\n'), /Dockerfile:2: RUN needs arguments/);
  assert.match(refusal(`FROM a\n${'RUN x\n'.repeat(6000)}`), /too large/);
  assert.match(refusal('x'.repeat(600_000)), /too large/);
});

test('whatever it is given, it reads it or refuses it', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.constantFrom(
      'FROM a\n',
      'RUN ',
      '--mount=',
      'type=cache,',
      '<<E\n',
      'E\n',
      '\\\n',
      '"',
      "'",
      '${',
      '$A',
      '[',
      '#',
      '\r\n',
      'ARG A=',
      'ENV ',
    ),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      try {
        resolveStages(read(`FROM x\n${pieces.join('')}`));
      } catch (error) {
        assert.instance(error, NetmeterError);
      }
    }),
    { numRuns: 500 },
  );
});

test.run();
