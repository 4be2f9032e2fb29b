/** Words of a Dockerfile instruction: split at blanks outside of quotes. */

/** Words with their quotes and escapes as written. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word = '';
  let quote: string | undefined;
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (quote === undefined && isBlank(character)) {
      if (word !== '') words.push(word);
      word = '';
      continue;
    }
    word += character;
    if (character === '\\' && quote !== "'") word += text[++at] ?? '';
    else if (character === quote) quote = undefined;
    else if (quote === undefined && (character === '"' || character === "'")) quote = character;
  }
  if (word !== '') words.push(word);
  return words;
}

/** The word without its quotes, its escapes resolved. */
export function unquote(word: string): string {
  let out = '';
  let quote: string | undefined;
  for (let at = 0; at < word.length; at++) {
    const character = word[at]!;
    if (character === '\\' && quote !== "'") out += word[++at] ?? '';
    else if (character === quote) quote = undefined;
    else if (quote === undefined && (character === '"' || character === "'")) quote = character;
    else out += character;
  }
  return out;
}

/** Leading `--flag` words and what follows them. A lone `--` is no flag. */
export function splitFlags(text: string): { flags: { name: string; value: string }[]; rest: string } {
  const flags: { name: string; value: string }[] = [];
  let rest = text.trimStart();
  while (/^--[^\s=]/.test(rest)) {
    const word = firstWord(rest);
    const [, name = '', value = ''] = /^--([^=]+)=?(.*)$/s.exec(word) ?? [];
    flags.push({ name, value: unquote(value) });
    rest = rest.slice(word.length).trimStart();
  }
  return { flags, rest: rest.trimEnd() };
}

function firstWord(text: string): string {
  let quote: string | undefined;
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (quote === undefined && isBlank(character)) return text.slice(0, at);
    if (character === '\\' && quote !== "'") at++;
    else if (character === quote) quote = undefined;
    else if (quote === undefined && (character === '"' || character === "'")) quote = character;
  }
  return text;
}

function isBlank(character: string): boolean {
  return character === ' ' || character === '\t' || character === '\n' || character === '\r';
}
