/**
 * What BuildKit says after a successful build that each vertex was to run: the provenance in its history holds
 * arguments and environment by vertex digest. Tells apart what only differs by variables that its name does not show.
 */
import { isProcessOnly } from './command.js';
import type { Execution } from './types.js';

export interface StepDefinition {
  args: string[];
  /** `NAME=value`; the process has these, and may have more. */
  env: string[];
  cwd: string;
}

export type DefinitionVerdict = 'same' | 'unknown' | 'other';

/** Steps of one build at most. */
const MOST_STEPS = 10_000;

/**
 * Definitions by vertex digest, from a parsed provenance predicate (SLSA 0.2 as BuildKit writes it:
 * `buildConfig.llbDefinition` and `buildConfig.digestMapping`; SLSA 1 has them in `buildDefinition.internalParameters`).
 * Empty when it has none, as with reduced provenance.
 */
export function readDefinitions(provenance: unknown): Map<string, StepDefinition> {
  const definitions = new Map<string, StepDefinition>();
  const predicate = at(provenance, 'predicate') ?? provenance;
  const config =
    at(predicate, 'buildConfig') ?? at(predicate, 'buildDefinition', 'internalParameters', 'buildConfig');
  const steps = at(config, 'llbDefinition');
  if (!Array.isArray(steps)) return definitions;
  const byId = new Map(steps.slice(0, MOST_STEPS).map((step) => [at(step, 'id'), step]));
  for (const [digest, id] of Object.entries(at(config, 'digestMapping') ?? {}).slice(0, MOST_STEPS)) {
    const meta = at(byId.get(id), 'op', 'Op', 'exec', 'meta');
    if (meta === undefined) continue;
    const cwd = at(meta, 'cwd');
    definitions.set(digest, {
      args: texts(at(meta, 'args')),
      env: texts(at(meta, 'env')),
      cwd: typeof cwd === 'string' ? cwd : '/',
    });
  }
  return definitions;
}

/** `unknown` when the process has more variables than its vertex, as with secrets. */
export function compareDefinition(
  execution: Execution,
  definition: StepDefinition | undefined,
): DefinitionVerdict {
  if (definition === undefined) return 'unknown';
  if (definition.cwd !== execution.cwd) return 'other';
  // Under emulation, the process has the emulator before its arguments.
  const args = execution.args.slice(-definition.args.length);
  if (args.length !== definition.args.length || args.some((arg, index) => arg !== definition.args[index])) {
    return 'other';
  }
  const given = new Set(execution.env);
  if (!definition.env.every((entry) => given.has(entry))) return 'other';
  for (const entry of definition.env) given.delete(entry);
  const more = [...given].filter((entry) => !isProcessOnly(nameOf(entry)) && !entry.startsWith('PATH='));
  return more.length === 0 ? 'same' : 'unknown';
}

function nameOf(entry: string): string {
  return entry.slice(0, Math.max(0, entry.indexOf('=')));
}

function at(value: unknown, ...names: string[]): unknown {
  let found = value;
  for (const name of names) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = (found as Record<string, unknown>)[name];
  }
  return found;
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}
