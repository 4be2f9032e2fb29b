import type { Owner, OwnerFacts, OwnerKind } from '../../../src/metering/types.js';
import type { ContainerFacts } from '../docker/types.js';

const ROLE_LABEL = 'netmeter.role';

/**
 * @param known undefined while the engine has not told of it, or for a container of another engine
 * @param runtime what its cgroup's path tells of it
 */
export function ownerOfContainer(
  id: string,
  cgroupPath: string | undefined,
  runtime: string,
  known: ContainerFacts | undefined,
): Owner {
  const shortId = id.slice(0, 12);
  const name =
    known?.name ?? (runtime === 'docker' || runtime === 'unknown' ? shortId : `${runtime} ${shortId}`);
  return {
    id: `container:${id}`,
    kind: kindOf(known),
    name,
    facts: factsOf(known, cgroupPath === undefined ? {} : { cgroupPath }),
  };
}

/** docker-proxy carries what a published port of the container gets and sends. */
export function relayOfContainer(id: string, known: ContainerFacts | undefined): Owner {
  const name = `docker-proxy for ${known?.name ?? id.slice(0, 12)}`;
  return { id: `relay:${id}`, kind: 'relay', name, facts: factsOf(known, { relayedContainer: id }) };
}

function kindOf(known: ContainerFacts | undefined): OwnerKind {
  if (known?.labels[ROLE_LABEL] === 'proxy') return 'proxy';
  return known !== undefined && isBuilder(known) ? 'engine' : 'container';
}

/** BuildKit in a container of its own, as `docker buildx create` makes it: it pulls what builds need. */
function isBuilder({ name, image }: ContainerFacts): boolean {
  return (
    name?.startsWith('buildx_buildkit_') === true || /(?:^|\/)moby\/buildkit(?:[:@]|$)/.test(image ?? '')
  );
}

function factsOf(known: ContainerFacts | undefined, more: OwnerFacts): OwnerFacts {
  const { image, composeProject, composeService, devContainerFolder, networkMode } = known ?? {};
  const facts = { image, composeProject, composeService, devContainerFolder, networkMode };
  return { ...Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)), ...more };
}
