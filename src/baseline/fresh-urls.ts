import type { Dockerfile } from '../dockerfile/types.js';

/** `https://host/file`, up to a blank, a quote or a bracket. */
const URL_WORD = /https?:\/\/[^\s"'\],]+/g;
/** BuildKit takes these for repositories. */
const GIT = /\.git(?:$|[#?])/;

export interface FreshDockerfile {
  text: string;
  /** How many URLs were made new. */
  changed: number;
}

/**
 * The Dockerfile with every URL of an ADD made one that BuildKit has not seen: a fragment is no part of what is asked
 * of the server, but of what BuildKit remembers a file by. Without it, it asks only whether the file has changed.
 */
export function withFreshUrls(text: string, file: Dockerfile, name: string): FreshDockerfile {
  const lines = text.split('\n');
  let changed = 0;
  for (const { keyword, line, endLine } of file.stages.flatMap((stage) => stage.instructions)) {
    if (keyword !== 'ADD') continue;
    for (let at = line - 1; at < Math.min(endLine, lines.length); at++) {
      lines[at] = (lines[at] ?? '').replace(URL_WORD, (url) => {
        if (GIT.test(url) || url.includes('#')) return url;
        changed++;
        return `${url}#${name}`;
      });
    }
  }
  return { text: lines.join('\n'), changed };
}
