/** A real poetry project on the wheels of the lab's index, and what the index sends while it is installed. */
import * as assert from 'uvu/assert';
import type { StepDocument } from '../../../src/protocol/documents.js';
import { type Cleanup, docker, type Netmeter, type PathCount } from '../harness/index.js';
import { PYTHON, sentBelow, since } from './registries.js';
import { buildAndLook } from './scene.js';

export interface Project {
  files: Readonly<Record<'pyproject.toml' | 'poetry.lock', string>>;
}

/** With poetry's own lock file, for which it asks the index. @param index its base URL */
export async function lockedProject(dependencies: readonly string[], index: string): Promise<Project> {
  const pyproject = `[project]
name = "shop"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = [${dependencies.map((name) => `"${name} (>=1.0)"`).join(', ')}]
[tool.poetry]
package-mode = false
[[tool.poetry.source]]
name = "lab"
url = "${index}${PYTHON}simple/"
priority = "primary"
`;
  const script = 'mkdir /p && cd /p && cat >pyproject.toml && poetry lock -q >&2 && cat poetry.lock';
  const args = ['run', '--rm', '-i', 'nm-trixie', 'sh', '-c', script];
  const { stdout } = await docker('28', args, { input: pyproject });
  return { files: { 'pyproject.toml': pyproject, 'poetry.lock': stdout } };
}

export interface Installed {
  step: StepDocument;
  /** What the index sent meanwhile. */
  sent: PathCount;
}

/** @param mount flags of its RUN instruction */
export async function installProject(
  netmeter: Netmeter,
  cleanup: Cleanup,
  { files }: Project,
  mount: string,
  tag: string,
): Promise<Installed> {
  const before = await sentBelow(PYTHON);
  const shown = await buildAndLook(netmeter, cleanup, {
    dockerfile: dockerfile(mount),
    tag,
    args: { TAG: tag },
    files,
  });
  const step = shown.steps.find(({ name }) => name.includes('poetry install'));
  assert.ok(step);
  return { step, sent: since(before, await sentBelow(PYTHON)) };
}

/** The argument keeps an earlier run of this test out of the layer cache, where ids of cache mounts do not count. */
export const dockerfile = (mount: string): string => `FROM nm-trixie
ARG TAG
ENV POETRY_VIRTUALENVS_IN_PROJECT=true
WORKDIR /shop
COPY pyproject.toml poetry.lock ./
RUN ${mount}poetry install --no-root --no-interaction
`;
