import type { Build } from '../builds/types.js';

/** What the row of a build's project is called: one without project, context and tag has its ref for a name. */
export function projectName({
  project,
  name,
  ref,
}: Pick<Build, 'name' | 'ref'> & { project?: string | null | undefined }): string {
  return project ?? (name === ref ? 'builds without a name' : name);
}
