// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of the shell.
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compareCommand, executionKeys, instructionKeys } from '../../../src/builds/command.js';
import { expandVariables } from '../../../src/builds/command-expand.js';
import { cutPrefix, cutSuffix, parseGlob, replaceGlob } from '../../../src/builds/command-glob.js';
import { parseInstruction } from '../../../src/builds/command-text.js';

interface RecordedNames {
  env: string[];
  steps: { name: string; args: string[] }[];
}

const RECORDED = JSON.parse(
  readFileSync(new URL('../../fixtures/executor/run-names-28.json', import.meta.url), 'utf8'),
) as RecordedNames;
const ENV = ['PATH=/bin', 'X=1'];

function shell(command: string): string[] {
  return ['/bin/sh', '-c', command];
}

test('knows the process of each recorded name', () => {
  for (const { name, args } of RECORDED.steps) {
    assert.is(compareCommand(name, args, RECORDED.env), 'same', name);
  }
});

test('takes no recorded process for another name', () => {
  for (const { name } of RECORDED.steps) {
    for (const other of RECORDED.steps) {
      if (other.name === name) continue;
      assert.is.not(compareCommand(name, other.args, RECORDED.env), 'same', `${name}\n${other.name}`);
    }
  }
});

test('names that an older engine could not expand', () => {
  assert.is(compareCommand('RUN echo ${X-d}', shell('echo ${X-d}'), ENV), 'same');
  assert.is(compareCommand('RUN echo ${X%1}', shell('echo ${X%1}'), ENV), 'same');
  assert.is(compareCommand('RUN echo $X', shell('echo $X'), ENV), 'similar');
});

test('secrets are masked, and the proxy is no variable of the Dockerfile', () => {
  const env = [...ENV, 'TOKEN=abc', 'HTTP_PROXY=http://proxy', 'SSH_AUTH_SOCK=/run/s'];
  const command = shell('get $TOKEN $HTTP_PROXY $SSH_AUTH_SOCK $X');
  const name = 'RUN --mount=type=secret,id=t,env=TOKEN get **** $HTTP_PROXY $SSH_AUTH_SOCK 1';
  assert.is(compareCommand(name, command, env), 'same');
  assert.is(compareCommand(name.replace('****', 'abc'), command, env), undefined);
  assert.ok(instructionKeys(name).pairwise);
  // Declared with ARG, it is one.
  assert.is(compareCommand('RUN get http://proxy', shell('get $HTTP_PROXY'), env), 'same');
});

test('names that were cut', () => {
  const long = `apt-get install ${'package '.repeat(600)}`;
  const name = `RUN ${long}`;
  const cut = `${name.slice(0, 4095)}…`;
  assert.is(compareCommand(cut, shell(long), ENV), 'same');
  assert.is(compareCommand(cut, shell(`${long.slice(0, 3000)}other${long.slice(3000)}`), ENV), undefined);
  assert.ok(instructionKeys(cut).pairwise);
  assert.not.ok(instructionKeys('RUN echo …').pairwise);
});

test('other shells, other frontends, ONBUILD, emulation', () => {
  const bash = ['/bin/bash', '-euo', 'pipefail', '-c', 'make'];
  assert.is(compareCommand('RUN make', bash, ENV), 'same');
  assert.is(compareCommand('ONBUILD RUN make', bash, ENV), 'same');
  assert.is(compareCommand('/bin/sh -c make', shell('make'), ENV), 'same');
  assert.is(compareCommand('RUN make', ['/dev/.buildkit_qemu_emulator', ...shell('make')], ENV), 'same');
  assert.is(compareCommand('RUN ["/dev/x"]', ['/dev/.buildkit_qemu_emulator', '/dev/x'], ENV), 'same');
  assert.is(compareCommand('COPY a b', shell('a b'), ENV), undefined);
  assert.is(compareCommand('RUN make', [], ENV), undefined);
});

test('flags', () => {
  const { flags, text, secretNames } = parseInstruction(
    'RUN --mount=type=cache,target=/x   --mount=type=tmpfs,"target=/a b" --network=none --mount=type=secret,id=a,env=A -- make --all',
  )!;
  assert.equal(flags, [
    'mount=type=cache,target=/x',
    'mount=type=tmpfs,target=/a b',
    'network=none',
    'mount=type=secret,id=a,env=A',
  ]);
  assert.is(text, 'make --all');
  assert.equal(secretNames, ['A']);
  assert.is(parseInstruction('RUN')?.text, '');
  assert.is(parseInstruction('RUN --mount="never closed')?.text, '');
  assert.is(parseInstruction('RUNNER x'), undefined);
});

const characters = fc.constantFrom(...'$${}}:-+?#%/*\\"\'`<[], aX1é\n');
const hostile = fc.string({ unit: characters, maxLength: 60 });
const variables = fc.dictionary(fc.constantFrom('a', 'X', 'é', 'PATH', '1'), hostile);

test('property: hostile texts neither fail nor grow without bounds', () => {
  const property = fc.property(hostile, variables, (text, env) => {
    const expansion = expandVariables(text, new Map(Object.entries(env)));
    if (expansion !== undefined) assert.ok(expansion.text.length < 1e6);
    const entries = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    compareCommand(`RUN ${text}`, shell(text), entries);
    executionKeys(text.split(' '), entries);
  });
  void fc.assert(property, { numRuns: 3000 });
});

test('property: a text without signs is itself, and so are variables that are not set', () => {
  const plain = fc.string({ unit: fc.constantFrom(...'abc -/=.;|&()é<>[]{}*?~!@#%^') });
  void fc.assert(
    fc.property(plain, (text) => {
      assert.is(expandVariables(text, new Map())?.text, text);
      assert.is(expandVariables(`${text}$NOPE`, new Map([['X', '1']]))?.text, `${text}$NOPE`);
      assert.is(expandVariables(`${text}$X`, new Map([['X', text]]))?.text, text + text);
    }),
  );
});

test('property: the process of a shell command is known by its text with the variables put in', () => {
  const word = fc.stringMatching(/^[a-z./=:-]{1,8}$/);
  const part = fc.oneof(word, fc.constantFrom('$X', '${X}', '"$X"', '${Y:-$X}', "'$X'"));
  void fc.assert(
    fc.property(fc.array(part), word, (rest, value) => {
      const parts = ['run', ...rest];
      const env = ['PATH=/bin', `X=${value}`];
      const shown = parts.map((text) =>
        text.startsWith("'") ? text : text.replaceAll(/\$\{X\}|\$X/g, () => value),
      );
      assert.is(compareCommand(`RUN ${shown.join(' ')}`, shell(parts.join(' ')), env), 'same');
    }),
  );
});

test('what costs too much stays as it is written', () => {
  const env = new Map([['X', 'a'.repeat(5000)]]);
  assert.is(expandVariables(`echo ${'${X//a*a*a*b/c}'.repeat(50)}`, env), undefined);
  assert.is(expandVariables('$X'.repeat(2000), env), undefined);
  assert.is(expandVariables(`${'${Y:-'.repeat(5000)}${'}'.repeat(5000)}`, env), undefined);
  assert.is(expandVariables('x'.repeat(1 << 20), env), undefined);
});

/** JavaScript's own regular expressions, as the second opinion. */
function toRegExp(pattern: string, star: string): string {
  return [...pattern].map((c) => (c === '*' ? star : c === '?' ? '.' : c.replace(/[.[\]]/, '\\$&'))).join('');
}

test('property: patterns match what regular expressions match', () => {
  const pattern = fc.string({ unit: fc.constantFrom(...'ab.*?'), maxLength: 6 });
  const value = fc.string({ unit: fc.constantFrom(...'ab.\n'), maxLength: 12 });
  void fc.assert(
    fc.property(pattern, value, (text, subject) => {
      const glob = parseGlob(text)!;
      const shortest = new RegExp(`^${toRegExp(text, '.*?')}`);
      const longest = new RegExp(`^${toRegExp(text, '.*')}`);
      assert.is(cutPrefix(subject, glob, false), subject.replace(shortest, ''));
      assert.is(cutPrefix(subject, glob, true), subject.replace(longest, ''));
      const ends = Array.from({ length: subject.length + 1 }, (_, at) => at).filter((at) =>
        new RegExp(`^${toRegExp(text, '.*')}$`).test(subject.slice(at)),
      );
      assert.is(cutSuffix(subject, glob, true), ends.length > 0 ? subject.slice(0, ends[0]) : subject);
      assert.is(cutSuffix(subject, glob, false), ends.length > 0 ? subject.slice(0, ends.at(-1)) : subject);
      assert.is(
        replaceGlob(subject, glob, 'X', false),
        subject.replace(new RegExp(toRegExp(text, '.*')), 'X'),
      );
    }),
    { numRuns: 2000 },
  );
});

test('every match is replaced, none that is empty right after another', () => {
  assert.is(replaceGlob('aXbX', parseGlob('X')!, '-', true), 'a-b-');
  assert.is(replaceGlob('abc', parseGlob('*')!, '-', true), '-');
  assert.is(replaceGlob('ab', parseGlob('')!, '-', true), '-a-b-');
  assert.is(parseGlob('a\\b'), undefined);
});

test.run();
