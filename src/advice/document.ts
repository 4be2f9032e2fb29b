import type { AdviceDocument, AdviseDocument } from '../protocol/documents.js';
import { SCHEMA } from '../protocol/documents.js';
import type { Advice } from './types.js';

export function adviseDocument(file: string, advice: readonly Advice[]): AdviseDocument {
  return { schema: SCHEMA, file, advice: advice.map((each) => adviceDocument(file, each)) };
}

export function adviceDocument(file: string, advice: Advice): AdviceDocument {
  return {
    code: advice.code,
    message: advice.message,
    where: `${file}:${advice.line}`,
    savesBytes: advice.savesBytes ?? null,
    basis: advice.basis,
  };
}
