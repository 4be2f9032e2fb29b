/** Cache mounts that are there and do not do what they are there for. */
import type { Mount } from '../dockerfile/types.js';
import { defeatedBy, isPrepared, linesOf, mountsFor } from './cache-mounts.js';
import { emptiedBy } from './emptied.js';
import { KEEP_DEBS } from './managers.js';
import { againstRepeats } from './repeats.js';
import { type RunScene, type Scene, stepsBefore } from './scene.js';
import type { Advice, Fix } from './types.js';
import { isRoot, uidOf } from './users.js';

export function defeatedCacheMounts({ runs }: Scene): Advice[] {
  return runs.flatMap((run) => [...switchedOff(run), ...emptied(run)]);
}

function switchedOff(run: RunScene): Advice[] {
  return run.managers.flatMap((manager) => {
    const words = defeatedBy(manager, run);
    if (words.length === 0 || mountsFor(manager, run).length === 0) return [];
    return [
      advice(
        run,
        'cache-mount-defeated',
        `${manager.name} has a cache mount here, and ${words.join(' ')} keeps it from using it: leave that out`,
        { remove: words },
      ),
    ];
  });
}

function emptied(run: RunScene): Advice[] {
  const targets = cacheMounts(run).flatMap(({ target }) => target ?? []);
  return emptiedBy(run.script, targets).map(({ command, target }) =>
    advice(
      run,
      'cache-mount-defeated',
      `"${command}" empties the cache mount at ${target}, which is no part of the image: leave it out`,
      { disarm: [command] },
    ),
  );
}

/** Debian's and Ubuntu's images have apt remove each package once it is installed. */
export function aptDockerClean({ runs }: Scene): Advice[] {
  return runs.flatMap((run) => {
    const keepsPackages = cacheMounts(run).some(({ target }) =>
      /^\/var\/cache(?:\/apt)?\/?$/.test(target ?? ''),
    );
    const usesApt = run.managers.some((manager) => manager.name === 'apt');
    if (!usesApt || !keepsPackages || isPrepared(run, /docker-clean|Keep-Downloaded-Packages/)) return [];
    return [
      advice(
        run,
        'apt-docker-clean',
        'images of Debian and Ubuntu tell apt to delete what it downloaded (/etc/apt/apt.conf.d/docker-clean), so ' +
          `this cache mount stays empty; before it, write: ${KEEP_DEBS}`,
        isRoot(run.step.user) ? { before: [KEEP_DEBS] } : undefined,
      ),
    ];
  });
}

/** With the whole of poetry's folder in the mount, the virtual environment is not in the image. */
export function poetryVirtualenv({ runs }: Scene): Advice[] {
  return runs.flatMap((run) => {
    if (!/(?:^|[\s;&|(/])poetry(?:\s+-\S+){0,8}\s+(?:install|sync|add)/m.test(run.script)) return [];
    const whole = cacheMounts(run).find(({ target }) => /\/\.cache(?:\/pypoetry)?\/?$/.test(target ?? ''));
    const isElsewhere = isPrepared(
      run,
      /POETRY_VIRTUALENVS_(?:IN_PROJECT|CREATE|PATH)|virtualenvs\.(?:in-project|create|path)|POETRY_CACHE_DIR/,
    );
    if (whole === undefined || isElsewhere) return [];
    return [
      advice(
        run,
        'poetry-virtualenv-in-cache',
        `poetry puts the project's virtual environment below ${whole.target}, which is a cache mount: the image ends up ` +
          'without its packages, and the next build "installs" none; before it, write: ENV POETRY_VIRTUALENVS_IN_PROJECT=true',
        { before: ['ENV POETRY_VIRTUALENVS_IN_PROJECT=true'] },
      ),
    ];
  });
}

/** A new cache mount belongs to root, or to whoever its first step says. */
export function cacheMountUsers({ runs }: Scene): Advice[] {
  const owners = new Map<string, string>();
  return runs.flatMap((run) => {
    const uid = isRoot(run.step.user) ? '0' : uidOf(run.step.user, stepsBefore(run.stage, run.step));
    return cacheMounts(run).flatMap((mount) => {
      const id = mount.id ?? mount.target ?? '';
      const owner = mount.uid ?? '0';
      const first = owners.get(id) ?? owner;
      owners.set(id, first);
      const user = run.step.user ?? 'root';
      const isOpen = mount.mode !== undefined && /[2367]$/.test(mount.mode);
      if (isOpen || uid === '0' || mount.readOnly) return [];
      if (mount.uid === undefined) {
        const wanted = uid === undefined ? `uid=<the number of ${user}>` : `uid=${uid},gid=${uid}`;
        const why = `the cache mount at ${mount.target} belongs to root, and this step runs as ${user}, who cannot write to it`;
        return [advice(run, 'cache-mount-uid', `${why}: add ${wanted} to the mount`)];
      }
      if (first === owner) return [];
      const why = `the cache ${id} was made for uid ${first} by a step before, and this one uses it with uid ${owner}`;
      return [advice(run, 'cache-mount-uid', `${why}: give it an id= of its own, or mode=0777`)];
    });
  });
}

function cacheMounts(run: RunScene): Mount[] {
  return run.step.mounts.filter(({ type, target }) => type === 'cache' && target !== undefined);
}

function advice(run: RunScene, code: Advice['code'], message: string, fix?: Partial<Fix>): Advice {
  const lines = linesOf(run.step.instruction);
  return {
    code,
    message,
    line: lines.line,
    ...againstRepeats(run.history),
    fix: fix && { ...lines, flags: [], before: [], remove: [], disarm: [], ...fix },
  };
}
