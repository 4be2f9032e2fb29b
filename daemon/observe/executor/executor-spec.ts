/** The parts of an executor's config.json (opencontainers/runtime-spec) that say which step it is. */
export interface ExecutorSpec {
  args: string[];
  env: string[];
  cwd: string;
  hostname: string | undefined;
  /** Below the cgroup mount. With the systemd driver it is derived, and is to be searched by the executor's id. */
  cgroupPath: string;
  /** The root file system, as the engine sees it. */
  rootPath: string;
  mounts: SpecMount[];
}

export interface SpecMount {
  target: string;
  source: string;
  type: string;
  options: string[];
}

/** Undefined when the text is not whole: the file is created empty and written some milliseconds later. */
export function parseSpec(text: string, id: string): ExecutorSpec | undefined {
  let spec: unknown;
  try {
    spec = JSON.parse(text);
  } catch {
    return undefined;
  }
  const process = record(record(spec).process);
  const root = record(record(spec).root);
  if (!Array.isArray(process.args)) return undefined;
  return {
    args: texts(process.args),
    env: texts(process.env),
    cwd: textOf(process.cwd) ?? '/',
    hostname: textOf(record(spec).hostname),
    cgroupPath: cgroupPath(textOf(record(record(spec).linux).cgroupsPath), id),
    rootPath: textOf(root.path) ?? '',
    mounts: list(record(spec).mounts).map(record).map(mount),
  };
}

/**
 * `/docker/buildkit/<id>` as it is; `system.slice:docker:<id>`, the systemd driver's form, as the unit that
 * systemd makes of it (`a-b.slice` lies in `a.slice`).
 */
function cgroupPath(given: string | undefined, id: string): string {
  const [slice, prefix, name] = (given ?? '').split(':');
  if (given === undefined || slice === undefined || prefix === undefined || name === undefined) {
    return given ?? `/${id}`;
  }
  const parts = slice.replace(/\.slice$/, '').split('-');
  const slices = parts.map((_, index) => `${parts.slice(0, index + 1).join('-')}.slice`);
  return `/${slices.join('/')}/${prefix === '' ? name : `${prefix}-${name}`}.scope`;
}

function mount(given: Record<string, unknown>): SpecMount {
  return {
    target: textOf(given.destination) ?? '',
    source: textOf(given.source) ?? '',
    type: textOf(given.type) ?? '',
    options: texts(given.options),
  };
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function texts(value: unknown): string[] {
  return list(value).filter((item): item is string => typeof item === 'string');
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
