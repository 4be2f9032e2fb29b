import { collapse, stepMatcher } from '../dockerfile/match.js';
import type { ResolvedStep } from '../dockerfile/resolve.js';

const EXEC = /^mount \/ from exec /;

/**
 * Whether BuildKit still has a layer of this instruction, by the description of its records: the vertex's name for
 * COPY and the like, the arguments for RUN. True where that cannot be told.
 * @param layers descriptions; undefined when they cannot be read
 */
export function hasLayer(step: ResolvedStep, layers: readonly string[] | undefined): boolean {
  if (layers === undefined) return true;
  const { keyword, documents, json, rest } = step.instruction;
  if (keyword === 'RUN') {
    if (documents.length > 0) return layers.some((layer) => EXEC.test(layer));
    const command = collapse(json === undefined ? rest : json.join(' '));
    return layers.some((layer) => EXEC.test(layer) && collapse(layer).endsWith(command));
  }
  const matches = stepMatcher(step.instruction);
  return layers.some((layer) => matches(layer.replace(/^\[[^\]\n]*\]\s*/, '')));
}
