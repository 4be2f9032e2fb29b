/**
 * Tells identical commands apart by what lies below them: BuildKit's records of the layers under an execution
 * against the vertices that a step builds on. Layers made by COPY bear the vertex's own name, base images theirs.
 */

import { isSameImage, parseImageName } from './join-images.js';
import type { BuildIndex } from './join-index.js';
import type { LayerRecord, Step } from './types.js';

/**
 * `same`: a layer bears the name of the vertex that it would come from. `other`: it bears another name.
 * `refuted`: and that is no old name of a cached layer: it was made in this very build, or by another command.
 */
export type LineageVerdict = 'same' | 'unknown' | 'other' | 'refuted';

const EXEC = /^mount \/ from exec /;
const PULLED = /^pulled from /;

export function compareLineage(
  lineage: readonly LayerRecord[] | undefined,
  step: Step,
  index: BuildIndex,
): LineageVerdict {
  let verdict: LineageVerdict = 'unknown';
  let below = index.rootParent(step);
  for (const layer of lineage ?? []) {
    if (below === undefined) break;
    const one = compareLayer(layer, below, index);
    if (one === 'other' || one === 'refuted') return one;
    if (one === 'same') verdict = 'same';
    // An image has several layers, its vertex is one.
    if (below.kind === 'from') break;
    below = index.rootParent(below);
  }
  return verdict;
}

function compareLayer(layer: LayerRecord, vertex: Step, index: BuildIndex): LineageVerdict {
  const isNamed = layer.description.startsWith('[');
  if (vertex.kind === 'from') return compareImage(layer, vertex);
  if (vertex.kind === 'run')
    return isNamed ? 'refuted' : compareRun(layer.description, index.run(vertex)?.text);
  if (!isNamed) return 'unknown';
  if (isName(layer.description, vertex.name)) return 'same';
  const fresh = layer.createdAt !== undefined && layer.createdAt >= index.startedAt;
  if (fresh) return 'refuted';
  // A cached layer may come from a stage that had another name, or another number of steps.
  return isName(withoutBracket(layer.description), vertex.instruction) ? 'same' : 'other';
}

/** Records show a command unexpanded, steps expanded: only what has nothing to expand can be compared. */
function compareRun(description: string, text: string | undefined): LineageVerdict {
  if (text === undefined || !EXEC.test(description)) return 'unknown';
  if (description.endsWith(` ${text}`)) return 'same';
  return /[$\\\n[]|<<|…$|\*{4}/.test(text + description) ? 'unknown' : 'refuted';
}

function compareImage({ description, images }: LayerRecord, vertex: Step): LineageVerdict {
  const wanted = parseImageName(vertex.instruction.replace(/^FROM\s+/, ''));
  if (PULLED.test(description)) {
    const pulled = parseImageName(description.replace(PULLED, ''));
    if (pulled.name === wanted.name || isSameImage(pulled, wanted)) return 'same';
  }
  const verdicts = images.map((image) => isSameImage(parseImageName(image), wanted));
  if (verdicts.includes(true)) return 'same';
  return verdicts.length > 0 && verdicts.every((verdict) => verdict === false) ? 'other' : 'unknown';
}

/** Names of steps are cut where they are very long. */
function isName(text: string, name: string): boolean {
  return text === name || (name.length > 2048 && name.endsWith('…') && text.startsWith(name.slice(0, -1)));
}

function withoutBracket(name: string): string {
  return name.replace(/^\[[^\]\n]*\]\s*/, '');
}
