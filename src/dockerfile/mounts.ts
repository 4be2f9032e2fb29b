import type { Flag, Instruction, Mount } from './types.js';

const TYPES: ReadonlySet<string> = new Set(['bind', 'cache', 'tmpfs', 'secret', 'ssh']);

/** The mounts of a RUN instruction (commands_runmount.go of moby/buildkit), as written. */
export function mountsOf(instruction: Instruction): Mount[] {
  return instruction.flags.filter((flag) => flag.name === 'mount').map(mount);
}

function mount({ value }: Flag): Mount {
  const fields = new Map<string, string>();
  for (const field of csvFields(value)) {
    const [key = '', ...rest] = field.split('=');
    fields.set(key.trim().toLowerCase(), rest.join('='));
  }
  const type = (fields.get('type') ?? 'bind').toLowerCase();
  const isSet = (name: string) => fields.has(name) && fields.get(name) !== 'false';
  return {
    type: TYPES.has(type) ? (type as Mount['type']) : 'unknown',
    target: fields.get('target') ?? fields.get('dst') ?? fields.get('destination'),
    source: fields.get('source') ?? fields.get('src'),
    from: fields.get('from'),
    id: fields.get('id') || undefined,
    sharing: fields.get('sharing'),
    readOnly: isSet('readonly') || isSet('ro') || fields.get('rw') === 'false',
    uid: fields.get('uid'),
    gid: fields.get('gid'),
    mode: fields.get('mode'),
  };
}

/** Commas separate; in double quotes they do not. */
function csvFields(text: string): string[] {
  return [...text.matchAll(/(?:"[^"]*"|[^,"])+/g)].map(([field]) => field.replaceAll('"', ''));
}
