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

  add(container: ContainerFacts): void {
    // One that crashed is listed with its ports for as long as it exists.
    if (container.state !== 'running') return;
    for (const { protocol, hostPort, containerPort } of container.publishedPorts) {
      this.#byHostPort.set(`${protocol}/${hostPort}`, container.id);
      for (const { address } of container.addresses) {
        this.#byContainerPort.set(`${protocol}/${address}/${containerPort}`, container.id);
      }
    }
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
