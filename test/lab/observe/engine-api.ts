/** The engine's API with nothing around it: quicker than its client where hundreds of containers are made. */
import { request } from 'node:http';
import { type EngineName, engine } from '../harness/index.js';

export function api(name: EngineName, method: string, path: string, body?: unknown): Promise<string> {
  const socketPath = socketOf(name);
  return new Promise((resolve, reject) => {
    const headers = { host: 'docker', 'content-type': 'application/json' };
    const call = request({ socketPath, method, path, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => {
        const failed = (response.statusCode ?? 0) >= 400;
        if (failed) reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
        else resolve(text);
      });
    });
    call.on('error', reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

export function socketOf(name: EngineName): string {
  return engine(name).dockerHost.slice('unix://'.length);
}

/** Makes a container that ends at once and is removed as it ends. Returns its id when it is gone. */
export async function runBriefly(name: EngineName, container: string, image: string): Promise<string> {
  const config = { Image: image, Cmd: ['true'], HostConfig: { NetworkMode: 'none' } };
  const created = await api(name, 'POST', `/containers/create?name=${container}`, config);
  const { Id: id } = JSON.parse(created) as { Id: string };
  await api(name, 'POST', `/containers/${id}/start`);
  await api(name, 'POST', `/containers/${id}/wait`);
  await api(name, 'DELETE', `/containers/${id}`);
  return id;
}
