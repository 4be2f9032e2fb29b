import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseBuildArguments } from '../../../cli/estimate/build-arguments.js';
import { NetmeterError } from '../../../src/errors.js';

const parse = (line: string) => parseBuildArguments(line.split(' ').filter(Boolean));

test('the arguments of docker build, with or without its name before them', () => {
  for (const before of [
    '',
    'docker build ',
    'docker buildx build ',
    'buildx build ',
    'docker image build ',
  ]) {
    const asked = parse(
      `${before}-t shop --file=a.Dockerfile --target app --build-arg A=1 --build-arg B --no-cache-filter x,y --build-context Lib=../lib --pull -q src`,
    );
    assert.equal(
      asked,
      {
        context: 'src',
        file: 'a.Dockerfile',
        target: 'app',
        buildArgs: [
          ['A', '1'],
          ['B', undefined],
        ],
        contexts: { lib: '../lib' },
        platforms: [],
        noCache: false,
        noCacheFilter: ['x', 'y'],
        pull: true,
      },
      before,
    );
  }
});

test('values may be part of the option, and options follow the context', () => {
  const asked = parse('. -fx.Dockerfile -t=a --platform linux/arm64,linux/amd64 --no-cache --progress plain');
  assert.is(asked.context, '.');
  assert.is(asked.file, 'x.Dockerfile');
  assert.equal(asked.platforms, ['linux/arm64', 'linux/amd64']);
  assert.is(asked.noCache, true);
  assert.is(parse('--no-cache=false').noCache, false);
  assert.is(parse('build').context, 'build', 'a folder may have that name');
  assert.is(parse('').context, '.');
});

test('what docker build would refuse is refused', () => {
  for (const line of ['a b', '-t', '--build-arg']) {
    assert.throws(
      () => parse(line),
      (error: unknown) => error instanceof NetmeterError && error.code === 'usage',
      line,
    );
  }
});

test.run();
