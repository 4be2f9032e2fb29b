import type { Remote } from '../../../src/metering/types.js';
import type { ContainerFacts } from '../docker/types.js';

/** Which end of a flow offers the service, and who is at the other. */
export interface FlowFacts {
  /** Its port is the service's port, on whichever side that is; 0 when there is none. */
  remote: Remote;
  /** The port is the owner's own. */
  serviceIsLocal: boolean;
  /** Cookie of the network namespace of the owner's socket; 0 where it is not known. */
  netns?: number;
}

/**
 * Whom the engine's docker-proxy works for: it listens on a container's published ports on the host, and
 * connects to the container's address. A container that ended keeps its ports until another takes them,
 * as its last connections end after it.
 */
export class PublishedPorts {
  readonly #byHostPort = new Map<string, string>();
  readonly #byContainerPort = new Map<string, string>();

  /** @returns true when a port is now another container's than before */
  add(container: ContainerFacts): boolean {
    // One that crashed is listed with its ports for as long as it exists.
    if (container.state !== 'running') return false;
    let changed = false;
    const put = (ports: Map<string, string>, key: string): void => {
      changed ||= ports.get(key) !== container.id;
      ports.set(key, container.id);
    };
    for (const { protocol, hostPort, containerPort } of container.publishedPorts) {
      put(this.#byHostPort, `${protocol}/${hostPort}`);
      for (const { address } of container.addresses) {
        put(this.#byContainerPort, `${protocol}/${address}/${containerPort}`);
      }
    }
    return changed;
  }

  /** The container whose bytes docker-proxy carries in this flow of the engine; undefined: its own bytes. */
  containerOf({ remote, serviceIsLocal }: FlowFacts): string | undefined {
    return serviceIsLocal
      ? this.#byHostPort.get(`${remote.protocol}/${remote.port}`)
      : this.#byContainerPort.get(`${remote.protocol}/${remote.address}/${remote.port}`);
  }

  /** @param gone containers that nothing is known of any more */
  forget(gone: (id: string) => boolean): void {
    for (const ports of [this.#byHostPort, this.#byContainerPort]) {
      for (const [key, id] of ports) if (gone(id)) ports.delete(key);
    }
  }
}
