/** A real poetry project, which installs from the lab's index. */
import { docker, lab } from '../harness/index.js';
import { PYTHON } from './registries.js';

/** Its pyproject.toml. */
export function project(dependencies: readonly string[]): string {
  return `[project]
name = "shop"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = [${dependencies.map((name) => `"${name} (>=1.0)"`).join(', ')}]
[tool.poetry]
package-mode = false
[[tool.poetry.source]]
name = "lab"
url = "${lab().origin}${PYTHON}simple/"
priority = "primary"
`;
}

/** poetry's own lock file for it. */
export async function lockFile(pyproject: string): Promise<string> {
  const script = 'mkdir /p && cd /p && cat >pyproject.toml && poetry lock -q >&2 && cat poetry.lock';
  const args = ['run', '--rm', '-i', 'nm-trixie', 'sh', '-c', script];
  return (await docker('28', args, { input: pyproject })).stdout;
}

/** The argument keeps an earlier run of this test out of the layer cache, where ids of cache mounts do not count. */
export const dockerfile = (mount: string): string => `FROM nm-trixie
ARG TAG
ENV POETRY_VIRTUALENVS_IN_PROJECT=true
WORKDIR /shop
COPY pyproject.toml poetry.lock ./
RUN ${mount}poetry install --no-root --no-interaction
`;
