/** Regular files of a tar archive (POSIX ustar and GNU), by name. What is cut off is left out. */
const BLOCK = 512;
const MOST_FILES = 4_096;

export function tarFiles(bytes: Uint8Array): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  let at = 0;
  let longName: string | undefined;
  while (at + BLOCK <= bytes.length && files.size < MOST_FILES) {
    const size = octal(bytes, at + 124, 12);
    const content = at + BLOCK;
    if (bytes[at] === 0 || size === undefined || content + size > bytes.length) break;
    const type = String.fromCharCode(bytes[at + 156]!);
    // The name's beginning may be in a field of its own; GNU's long names are a file before the file.
    const prefix = text(bytes, at + 257, 5) === 'ustar' ? text(bytes, at + 345, 155) : '';
    const name = longName ?? (prefix === '' ? '' : `${prefix}/`) + text(bytes, at, 100);
    longName = undefined;
    if (type === 'L') longName = text(bytes, content, Math.min(size, 4_096));
    else if (type === '0' || type === '\0')
      files.set(name.replace(/^\.\//, ''), bytes.subarray(content, content + size));
    at = content + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}

function text(bytes: Uint8Array, from: number, most: number): string {
  const field = bytes.subarray(from, from + most);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

function octal(bytes: Uint8Array, from: number, most: number): number | undefined {
  const digits = text(bytes, from, most).trim();
  return /^[0-7]{1,12}$/.test(digits) ? Number.parseInt(digits, 8) : undefined;
}
