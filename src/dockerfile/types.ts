/**
 * dockerfile: what a Dockerfile says, read without running anything: stages, instructions, flags,
 * here-documents, mounts, and the values that ARG and ENV give to variables. Hostile input: bounded, and
 * what does not parse is an error that names the line. Pure: text in, values out.
 */

export interface Dockerfile {
  /** As messages call it, such as `Dockerfile` or `deploy/api.Dockerfile`. */
  name: string;
  /** Image of `# syntax=`, which the engine fetches to read the file with. */
  syntax: string | undefined;
  /** ARG instructions before the first FROM: only FROM lines see them, and stages that declare them again. */
  globalArgs: Instruction[];
  stages: Stage[];
}

export interface Stage {
  index: number;
  /** `build` of `FROM golang AS build`, in lower case as BuildKit has it. */
  name: string | undefined;
  from: Instruction;
  /** What follows FROM, as written. */
  base: string;
  platform: string | undefined;
  /** Without FROM. */
  instructions: Instruction[];
}

export interface Instruction {
  /** Upper case: `RUN`. */
  keyword: string;
  /** From 1. */
  line: number;
  /** Of its here-documents, too. */
  endLine: number;
  /** All of it as BuildKit joins it: continued lines in one, comments left out, here-documents not included. */
  text: string;
  flags: Flag[];
  /** What follows the flags, as written. */
  rest: string;
  /** The words of an exec form: `RUN ["make", "all"]`. */
  json: string[] | undefined;
  documents: HereDocument[];
}

export interface Flag {
  name: string;
  /** Empty where it has none: `--link`. Quotes are removed. */
  value: string;
}

export interface HereDocument {
  name: string;
  content: string;
}

/** `--mount=…` of RUN, keys as BuildKit reads them. Variables are not expanded. */
export interface Mount {
  type: 'bind' | 'cache' | 'tmpfs' | 'secret' | 'ssh' | 'unknown';
  target: string | undefined;
  source: string | undefined;
  /** Stage or image that its files come from. */
  from: string | undefined;
  id: string | undefined;
  sharing: string | undefined;
  readOnly: boolean;
  uid: string | undefined;
  gid: string | undefined;
  mode: string | undefined;
}
