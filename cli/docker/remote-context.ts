/** What docker build fetches: `https://…`, `git@host:path`, `github.com/owner/name` (moby/buildkit util/gitutil). */
const REMOTE = /^(?:[a-z][a-z0-9+.-]*:\/\/|[\w.-]+@[\w.-]+:|github\.com\/)/i;

/** A context that is no folder of this machine, but a URL or a git repository. */
export function isRemoteContext(context: string): boolean {
  return REMOTE.test(context);
}
