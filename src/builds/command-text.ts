/**
 * Takes the text of a RUN instruction apart: ONBUILD, flags, the command, the mark of a here-document.
 * Format: frontend/dockerfile/parser/split_command.go and dockerfile2llb/convert.go of moby/buildkit.
 */
export interface RunText {
  /** The command without RUN and its flags, as shown. */
  text: string;
  /** `--mount=type=cache,target=/x` and the like, without the dashes, quotes removed. */
  flags: string[];
  /** `RUN <<NAME (first line...)`: the whole command is a document, of which the name shows one line. */
  hereDocument: { name: string; summary: string } | undefined;
  /** Variables that `--mount=type=secret,env=NAME` fills. */
  secretNames: string[];
}

const RUN = /^(?:ONBUILD\s+)?RUN(?:\s+|$)/;
const DOCUMENT = /^\d*<<-?\s*(["']?)([^\s"']+)\1\s*\((.*)\)$/s;

/** Undefined when the instruction is not RUN. */
export function parseInstruction(instruction: string): RunText | undefined {
  const start = RUN.exec(instruction);
  if (start === null) return undefined;
  const { flags, rest } = splitFlags(instruction.slice(start[0].length));
  const text = rest.trim();
  const document = DOCUMENT.exec(text);
  return {
    text,
    flags,
    hereDocument: document === null ? undefined : { name: document[2]!, summary: document[3]! },
    secretNames: flags.flatMap(secretName),
  };
}

/** Leading `--flag` words; quotes may hold blanks, a lone `--` ends them. */
function splitFlags(line: string): { flags: string[]; rest: string } {
  const flags: string[] = [];
  let at = 0;
  for (;;) {
    while (isBlank(line[at])) at++;
    if (!line.startsWith('--', at)) return { flags, rest: line.slice(at) };
    let word = '';
    let quote: string | undefined;
    for (; at < line.length; at++) {
      let character = line[at]!;
      if (quote === undefined && isBlank(character)) break;
      if (character === quote) {
        quote = undefined;
        continue;
      }
      if (quote === undefined && (character === '"' || character === "'")) {
        quote = character;
        continue;
      }
      if (character === '\\') {
        character = line[++at] ?? '';
      }
      word += character;
    }
    if (word === '--') return { flags, rest: line.slice(at) };
    flags.push(word.slice(2));
  }
}

function isBlank(character: string | undefined): boolean {
  return character !== undefined && /\s/.test(character);
}

function secretName(flag: string): string[] {
  if (!flag.startsWith('mount=')) return [];
  const fields = flag.slice('mount='.length).split(',');
  if (!fields.includes('type=secret')) return [];
  const env = fields.find((field) => field.startsWith('env='));
  return env === undefined ? [] : [env.slice('env='.length)];
}
