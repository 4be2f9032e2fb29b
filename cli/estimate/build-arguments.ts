/** estimate: what a `docker build` command line asks for, and the files that it would send. */
import { NetmeterError } from '../../src/errors.js';

export interface BuildArguments {
  /** A folder, `-` or a URL. */
  context: string;
  file: string | undefined;
  target: string | undefined;
  buildArgs: [name: string, value: string | undefined][];
  /** `--build-context NAME=WHAT`. */
  contexts: Record<string, string>;
  /** None: the engine's own. */
  platforms: string[];
  noCache: boolean;
  noCacheFilter: string[];
  pull: boolean;
}

/** Options of `docker build` and `docker buildx build` that take a value (docs.docker.com/reference/cli/docker/buildx/build). */
const WITH_VALUE = new Set(
  (
    'add-host allow annotation attest build-arg build-context builder cache-from cache-to cgroup-parent cpu-period ' +
    'cpu-quota cpu-shares cpuset-cpus cpuset-mems file iidfile isolation label memory memory-swap metadata-file network ' +
    'no-cache-filter output platform policy progress sbom secret security-opt shm-size ssh tag target ulimit ' +
    'f t o c m'
  ).split(' '),
);
const SHORT: Readonly<Record<string, string>> = {
  f: 'file',
  t: 'tag',
  o: 'output',
  c: 'cpu-shares',
  m: 'memory',
  q: 'quiet',
  D: 'debug',
};
const COMMAND = /^(?:docker|image|builder|buildx|build|b)$/;

/** An option with the words that it was given by. */
export interface OptionWords {
  /** Without dashes, long. */
  name: string;
  value: string | undefined;
  words: string[];
}

/**
 * Reads what follows `docker build`; the words `docker build` or `docker buildx build` may stand before it.
 * @throws NetmeterError `usage`
 */
export function parseBuildArguments(words: readonly string[]): BuildArguments {
  const { options, operands } = readBuildWords(words);
  const pairs = options.map(({ name, value }): [string, string] => [name, value ?? 'true']);
  return toArguments(pairs, operands[0] ?? '.');
}

/**
 * The same, word by word: options in their order, and the context, if one is given.
 * @throws NetmeterError `usage`
 */
export function readBuildWords(words: readonly string[]): { options: OptionWords[]; operands: string[] } {
  const rest = withoutCommand(words);
  const options: OptionWords[] = [];
  const operands: string[] = [];
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at]!;
    if (word === '--') {
      operands.push(...rest.slice(at + 1));
      break;
    }
    const option = optionOf(word);
    if (option === undefined) operands.push(word);
    else if (option.value !== undefined || !WITH_VALUE.has(option.name)) {
      options.push({ ...option, words: [word] });
    } else {
      const value = rest[++at];
      if (value === undefined) throw new NetmeterError('usage', `${word} needs a value`);
      options.push({ name: option.name, value, words: [word, value] });
    }
  }
  if (operands.length > 1) {
    throw new NetmeterError(
      'usage',
      `docker build takes one context, and here are ${operands.join(' and ')}`,
    );
  }
  return { options, operands };
}

function toArguments(options: readonly [string, string][], context: string): BuildArguments {
  const all = (name: string) => options.filter(([each]) => each === name).map(([, value]) => value);
  const last = (name: string) => all(name).at(-1);
  const isOn = (name: string) => (last(name) ?? 'false') !== 'false';
  return {
    context,
    file: last('file'),
    target: last('target'),
    buildArgs: all('build-arg').map((each) => {
      const equals = each.indexOf('=');
      return equals < 0 ? [each, undefined] : [each.slice(0, equals), each.slice(equals + 1)];
    }),
    contexts: Object.fromEntries(all('build-context').flatMap(pair)),
    platforms: all('platform').flatMap((each) => each.split(',').filter((platform) => platform !== '')),
    noCache: isOn('no-cache'),
    noCacheFilter: all('no-cache-filter').flatMap((each) => each.split(',')),
    pull: isOn('pull'),
  };
}

function pair(text: string): [string, string][] {
  const equals = text.indexOf('=');
  return equals < 1 ? [] : [[text.slice(0, equals).toLowerCase(), text.slice(equals + 1)]];
}

function optionOf(word: string): { name: string; value: string | undefined } | undefined {
  if (word.startsWith('--')) {
    const equals = word.indexOf('=');
    return equals < 0
      ? { name: word.slice(2), value: undefined }
      : { name: word.slice(2, equals), value: word.slice(equals + 1) };
  }
  if (word.length < 2 || !word.startsWith('-')) return undefined;
  const letter = word[1]!;
  const name = SHORT[letter] ?? letter;
  if (word.length === 2) return { name, value: undefined };
  return WITH_VALUE.has(letter)
    ? { name, value: word.slice(2).replace(/^=/, '') }
    : { name, value: undefined };
}

function withoutCommand(words: readonly string[]): readonly string[] {
  let at = 0;
  while (at < 3 && COMMAND.test(words[at] ?? '')) at++;
  // A folder may be called build, too.
  const isCommand = words[0] === 'docker' || (words[0] === 'buildx' && words[1] === 'build');
  return isCommand ? words.slice(at) : words;
}
