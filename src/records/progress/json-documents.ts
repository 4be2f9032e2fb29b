/** Longest document in characters; a build's whole status in one message may be this long. */
const LONGEST = 64 * 1024 * 1024;

/** Characters that are looked at, in lengths of the text: a hostile text begins an object in every line. */
const PASSES = 4;

/**
 * The JSON objects in a text, one a line, many to a line or one over many lines. What is between them is passed
 * over and counted, and so is what is no JSON.
 */
export function jsonDocuments(text: string): { documents: unknown[]; skipped: number; truncated: boolean } {
  const documents: unknown[] = [];
  let skipped = 0;
  let at = 0;
  let budget = PASSES * text.length;
  while (at < text.length) {
    const start = text.indexOf('{', at);
    if (start < 0) break;
    if (text.slice(at, start).trim() !== '') skipped += 1;
    const end = endOfObject(text, start);
    if (end === undefined) {
      // Cut off here; or a brace that is not one: the next line may begin anew.
      const next = text.indexOf('\n{', start + 1);
      budget -= text.length - start;
      if (next < 0 || budget < 0) return { documents, skipped, truncated: true };
      skipped += 1;
      at = next + 1;
      continue;
    }
    try {
      documents.push(JSON.parse(text.slice(start, end)));
    } catch {
      skipped += 1;
    }
    at = end;
  }
  return { documents, skipped, truncated: false };
}

function endOfObject(text: string, start: number): number | undefined {
  let depth = 0;
  let quoted = false;
  const limit = Math.min(text.length, start + LONGEST);
  for (let at = start; at < limit; at++) {
    const code = text.charCodeAt(at);
    if (quoted) {
      if (code === 0x5c) at += 1;
      else if (code === 0x22) quoted = false;
      // No JSON string holds a line break: this was cut off.
      else if (code === 0x0a) return undefined;
    } else if (code === 0x22) quoted = true;
    else if (code === 0x7b) depth += 1;
    else if (code === 0x7d) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return undefined;
}
