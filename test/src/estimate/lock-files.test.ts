// What lock files pin, in the forms that their managers write.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { installsBy, isLockFile, lockedPackages } from '../../../src/estimate/lock-files.js';

const FILES: Record<string, string> = {
  'poetry.lock': `[[package]]
name = "alpha"
version = "1.0"
files = [{file = "alpha-1.0.whl", hash = "sha256:aa"}]

[package.dependencies]
beta = ">=2"

[[package]]
name = "beta"
version = "2.1"

[metadata]
lock-version = "2.1"
`,
  'app/uv.lock': `version = 1

[[package]]
name = "alpha"
version = "1.0"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "beta"
version = "2.1"
`,
  'Cargo.lock': `version = 4

[[package]]
name = "alpha"
version = "1.0"
source = "registry+https://github.com/rust-lang/crates.io-index"

[[package]]
name = "beta"
version = "2.1"
dependencies = [
 "alpha",
]
`,
  'requirements-dev.txt': `# made by pip-compile
--index-url https://pypi.org/simple
alpha==1.0 \\
    --hash=sha256:aa
    # via shop
beta[extra]==2.1 ; python_version >= "3.9"  # why
`,
  'package-lock.json': JSON.stringify({
    lockfileVersion: 3,
    packages: {
      '': { name: 'shop', version: '0.0.1' },
      'node_modules/alpha': { version: '1.0' },
      'node_modules/x/node_modules/beta': { version: '2.1' },
      'node_modules/own': { resolved: 'packages/own', link: true },
      'packages/own': { version: '3.0' },
    },
  }),
  'npm-shrinkwrap.json': JSON.stringify({
    lockfileVersion: 1,
    dependencies: { alpha: { version: '1.0', dependencies: { beta: { version: '2.1' } } } },
  }),
  'yarn.lock': `# yarn lockfile v1

alpha@^1.0, alpha@~1.0:
  version "1.0"
  resolved "https://registry.yarnpkg.com/alpha/-/alpha-1.0.tgz#aa"

"beta@^2":
  version "2.1"
`,
  'berry/yarn.lock': `__metadata:
  version: 8

"alpha@npm:^1.0":
  version: 1.0
  resolution: "alpha@npm:1.0"

"beta@npm:^2":
  version: 2.1
`,
  'pnpm-lock.yaml': `lockfileVersion: '9.0'

importers:

  .:
    dependencies:
      alpha:
        specifier: ^1.0
        version: 1.0

packages:

  alpha@1.0:
    resolution: {integrity: sha512-aa}

  'beta@2.1(alpha@1.0)':
    resolution: {integrity: sha512-bb}

snapshots:

  alpha@1.0: {}
`,
  'Gemfile.lock': `GEM
  remote: https://rubygems.org/
  specs:
    alpha (1.0)
      beta (>= 2)
    beta (2.1)

DEPENDENCIES
  alpha
`,
  'composer.lock': JSON.stringify({
    packages: [{ name: 'alpha', version: '1.0' }],
    'packages-dev': [{ name: 'beta', version: '2.1' }],
  }),
};

for (const [path, text] of Object.entries(FILES)) {
  test(path, () => {
    assert.ok(isLockFile(path));
    assert.equal(lockedPackages(path, text), ['alpha 1.0', 'beta 2.1']);
  });
}

test('go.sum, scopes of npm', () => {
  const sum =
    'example.org/a v1.0.0 h1:aa=\nexample.org/a v1.0.0/go.mod h1:bb=\nexample.org/old v0.1.0/go.mod h1:cc=\n';
  assert.equal(lockedPackages('go.sum', sum), ['example.org/a v1.0.0']);
  assert.equal(lockedPackages('yarn.lock', '"@a/b@^1":\n  version "1.2"\n'), ['@a/b 1.2']);
  assert.equal(lockedPackages('pnpm-lock.yaml', "packages:\n  '@a/b@1.2':\n  /@c/d@1.3:\n"), [
    '@a/b 1.2',
    '@c/d 1.3',
  ]);
});

test('what pins nothing, or not all, or is damaged', () => {
  assert.is(lockedPackages('requirements.txt', 'alpha==1.0\nbeta\n'), undefined);
  assert.is(lockedPackages('requirements.txt', 'alpha==1.*\n'), undefined);
  assert.is(lockedPackages('requirements.txt', '-r other.txt\n'), undefined);
  assert.is(lockedPackages('requirements.txt', ''), undefined);
  for (const text of ['', '{', '[]', 'null', '{"packages":7}', '{"packages":{"node_modules/a":null}}']) {
    assert.is(lockedPackages('package-lock.json', text), undefined, text);
  }
  for (const text of ['{"packages":"x"}', '{"packages":[null]}', '{"packages":[{"name":7}]}']) {
    assert.is(lockedPackages('composer.lock', text), undefined, text);
  }
  assert.is(lockedPackages('README.md', '[[package]]\nname = "a"\nversion = "1"\n'), undefined);
  const many = Array.from({ length: 5001 }, (_, n) => `p${n}==1`).join('\n');
  assert.is(lockedPackages('requirements.txt', many), undefined);
  assert.is(lockedPackages('requirements.txt', `${'a'.repeat(300)}==1`), undefined);
});

test('which command installs by which file', () => {
  assert.ok(installsBy('RUN SHOP=1 poetry install --no-root', 'app/poetry.lock'));
  assert.not(installsBy('RUN pip install poetry', 'poetry.lock'));
  assert.ok(installsBy('RUN pip install -r requirements.txt', 'requirements.txt'));
  assert.ok(installsBy('RUN npm ci', 'package-lock.json'));
  assert.not(installsBy('RUN npm run build', 'package-lock.json'));
  assert.not(installsBy('RUN npm ci', 'poetry.lock'));
});

test.run();
