import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { stepMatcher } from '../../../src/dockerfile/match.js';
import { readDockerfile } from '../../../src/dockerfile/read.js';

function matches(line: string, name: string): boolean {
  const instruction = readDockerfile(`FROM a\n${line}\n`, 'Dockerfile').stages[0]?.instructions[0];
  if (instruction === undefined) throw new Error('no instruction');
  return stepMatcher(instruction)(name);
}

test('a step is found by its text, whatever its variables stood for', () => {
  assert.is(matches('RUN make  \\\n  all', 'RUN make     all'), true);
  assert.is(matches('RUN make all', 'RUN make all install'), false);
  assert.is(matches(`RUN wget $HOST/$\{NAME:-x}.tar`, 'RUN wget http://h/b.tar'), true);
  assert.is(matches(`RUN wget $HOST/$\{NAME:-x}.tar`, 'RUN wget http://h/b.zip'), false);
  assert.is(matches('RUN echo $A', 'RUN echo '), true);
  assert.is(matches('RUN <<EOF\napt-get update\nEOF', 'RUN <<EOF (apt-get update)'), true);
  assert.is(matches('RUN <<EOF\nx\nEOF', 'RUN <<EOT (x)'), false);
  const long = `RUN echo ${'x'.repeat(3000)}`;
  assert.is(matches(long, `${long.slice(0, 2100)}…`), true);
  assert.is(matches(long, `${long.slice(0, 2100)}y…`), false);
});

test.run();
