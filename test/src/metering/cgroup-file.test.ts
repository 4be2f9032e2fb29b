import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cgroup2Path, classifyCgroupFile, parseCgroupFile } from '../../../src/metering/cgroup-file.js';

const A = 'c3'.repeat(32);
const STEP = '0123456789abcdefghijklmno';

const version1 = [
  '4:memory:/docker/ID',
  '3:cpu,cpuacct:/docker/ID',
  '2:freezer:/',
  '1:name=systemd:/docker/ID',
  '',
]
  .join('\n')
  .replaceAll('ID', A);

const files: [what: string, text: string, kind: string, path: string, version2: string | undefined][] = [
  ['version 1', version1, 'container', `/docker/${A}`, undefined],
  [
    'version 2',
    `0::/system.slice/docker-${A}.scope\n`,
    'container',
    `/system.slice/docker-${A}.scope`,
    `/system.slice/docker-${A}.scope`,
  ],
  ['hybrid, known to version 1 only', `${version1}0::/\n`, 'container', `/docker/${A}`, '/'],
  [
    'hybrid, a service, some controllers at the root',
    '9:memory:/system.slice/ssh.service\n8:freezer:/\n1:name=systemd:/system.slice/ssh.service\n0::/system.slice/ssh.service\n',
    'unit',
    '/system.slice/ssh.service',
    '/system.slice/ssh.service',
  ],
  [
    'hybrid, controllers that a service left in init.scope',
    '8:memory:/init.scope\n1:name=systemd:/system.slice/shop.service\n',
    'unit',
    '/system.slice/shop.service',
    undefined,
  ],
  [
    'a BuildKit step whose path holds colons',
    `0::/system.slice/system.slice:docker:${STEP}\n`,
    'executor',
    `/system.slice/system.slice:docker:${STEP}`,
    `/system.slice/system.slice:docker:${STEP}`,
  ],
  ['the root', '2:cpu:/\n0::/\n', 'root', '/', '/'],
  ['nothing', '', 'root', '/', undefined],
  ['lines of no known format', 'x\n:::\n1:cpu\n0::relative\n', 'root', '/', undefined],
];

for (const [what, text, kind, path, version2] of files) {
  test(`a process's cgroup file: ${what}`, () => {
    const meaning = classifyCgroupFile(text);
    assert.is(meaning.kind, kind);
    assert.is(meaning.path, path);
    assert.is(cgroup2Path(text), version2);
  });
}

test('controllers are told apart', () => {
  assert.equal(parseCgroupFile('3:cpu,cpuacct:/a:b\n0::/c\n'), [
    { hierarchy: 3, controllers: ['cpu', 'cpuacct'], path: '/a:b' },
    { hierarchy: 0, controllers: [], path: '/c' },
  ]);
});

test.run();
