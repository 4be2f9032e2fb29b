import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type CgroupMeaning, classifyCgroup } from '../../../src/metering/cgroup-path.js';

const A = 'a1'.repeat(32);
const B = 'b2'.repeat(32);
const STEP = 'k3v8z0q1w2e3r4t5y6u7i8o9p';

type Row = [path: string, kind: CgroupMeaning['kind'], expected: Record<string, unknown>];

const containers: Row[] = [
  [`/docker/${A}`, 'container', { id: A, runtime: 'docker', path: `/docker/${A}` }],
  [`/docker/${A} (deleted)`, 'container', { id: A, path: `/docker/${A}` }],
  [`/system.slice/docker-${A}.scope`, 'container', { id: A, runtime: 'docker' }],
  [`/system.slice/docker-${A}.scope/init`, 'container', { path: `/system.slice/docker-${A}.scope` }],
  [`/docker/${A}/system.slice/ssh.service`, 'container', { path: `/docker/${A}`, inner: [] }],
  [`/my.slice/my-team.slice/docker-${A}.scope`, 'container', { id: A, runtime: 'docker' }],
  [`/jobs/nightly/${A}`, 'container', { id: A, runtime: 'unknown' }],
  [`/docker-ce/docker/${A}`, 'container', { id: A, runtime: 'docker' }],
  [
    `/user.slice/user-1000.slice/user@1000.service/user.slice/docker-${A}.scope`,
    'container',
    { id: A, runtime: 'docker' },
  ],
  [`/docker/${A}/docker/${B}`, 'container', { id: A, path: `/docker/${A}`, inner: [B] }],
  [`/docker/${A}/kubelet/kubepods/besteffort/podx/${B}`, 'container', { id: A, inner: [B] }],
  [`/../../docker/${A}`, 'container', { id: A, path: `/docker/${A}` }],
  [`/machine.slice/libpod-${A}.scope/container`, 'container', { id: A, runtime: 'podman' }],
  [`/libpod_parent/libpod-${A}`, 'container', { id: A, runtime: 'podman' }],
  [`/system.slice/libpod-payload-${A}`, 'container', { id: A, runtime: 'podman' }],
  [`/system.slice/nerdctl-${A}.scope`, 'container', { id: A, runtime: 'nerdctl' }],
  [
    `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice/cri-containerd-${A}.scope`,
    'container',
    { id: A, runtime: 'containerd' },
  ],
  [`/kubepods.slice/kubepods-pod1.slice/crio-${A}.scope`, 'container', { id: A, runtime: 'cri-o' }],
  [`/kubepods/burstable/pod6a4c-ba47/${A}`, 'container', { id: A, runtime: 'kubernetes' }],
  [
    `/system.slice/containerd.service/kubepods-besteffort-pod1.slice:cri-containerd:${A}`,
    'container',
    { id: A, runtime: 'containerd' },
  ],
];

const executors: Row[] = [
  [`/docker/buildkit/${STEP}`, 'executor', { id: STEP, builder: undefined }],
  [`/buildkit/${STEP}`, 'executor', { id: STEP, builder: undefined }],
  [`/my/parent/buildkit/${STEP}/docker/${A}`, 'executor', { id: STEP, path: `/my/parent/buildkit/${STEP}` }],
  [`/system.slice/system.slice:docker:${STEP}`, 'executor', { id: STEP }],
  [`/system.slice:docker:${STEP}`, 'executor', { id: STEP }],
  [`/system.slice/docker-${STEP}.scope`, 'executor', { id: STEP }],
  [`/docker/${A}/buildkit/${STEP}`, 'executor', { id: STEP, builder: A }],
  [`/docker/buildx/${A}/buildkit/${STEP}`, 'executor', { id: STEP, builder: A }],
  [`/system.slice/docker-${A}.scope/init/buildkit/${STEP}`, 'executor', { id: STEP, builder: A }],
  [`/docker/${A}/docker/buildkit/${STEP}`, 'container', { id: A, inner: [] }],
  [`/docker/${A}/system.slice/system.slice:docker:${STEP}`, 'container', { id: A }],
];

const machines: Row[] = [
  ['/lxc/web', 'machine', { name: 'web', manager: 'lxc', path: '/lxc/web' }],
  ['/lxc/101/ns/system.slice/ssh.service', 'machine', { name: '101', path: '/lxc/101' }],
  ['/lxc.payload/web/init.scope', 'machine', { name: 'web', path: '/lxc.payload/web' }],
  ['/lxc.payload.web/system.slice', 'machine', { name: 'web', path: '/lxc.payload.web' }],
  [`/lxc.payload.web/docker/${A}`, 'machine', { name: 'web', inner: [A] }],
  ['/machine.slice/systemd-nspawn@sid.service/payload', 'machine', { name: 'sid', manager: 'nspawn' }],
  [
    '/machine.slice/machine-qemu\\x2d2\\x2ddebian.scope/libvirt/emulator',
    'machine',
    { name: 'qemu-2-debian', manager: 'libvirt' },
  ],
];

const others: Row[] = [
  ['/', 'root', { path: '/' }],
  ['', 'root', { path: '/' }],
  ['/..', 'root', {}],
  ['/netmeter/run-7f3a', 'run', { id: '7f3a', path: '/netmeter/run-7f3a' }],
  ['/netmeter/run-7f3a/below', 'run', { path: '/netmeter/run-7f3a' }],
  ['/netmeter', 'other', { name: 'netmeter' }],
  ['/podruntime/runtime', 'other', { name: 'podruntime/runtime', path: '/podruntime/runtime' }],
  ['/system.slice', 'other', { name: 'system.slice' }],
  [`/machine.slice/libpod-conmon-${A}.scope`, 'unit', {}],
  [`/docker/${A.slice(1)}`, 'other', {}],
  [`/docker/${A.toUpperCase()}`, 'other', {}],
  ['/constructor/__proto__', 'other', { name: 'constructor/__proto__' }],
  [`/constructor/toString-${A}.scope`, 'container', { id: A, runtime: 'toString' }],
];

for (const [path, kind, expected] of [...containers, ...executors, ...machines, ...others]) {
  test(`${path || 'an empty path'} is ${kind}`, () => {
    const meaning = classifyCgroup(path);
    assert.is(meaning.kind, kind);
    for (const [field, value] of Object.entries(expected)) {
      assert.equal((meaning as unknown as Record<string, unknown>)[field], value, field);
    }
  });
}

test('a path of ten thousand components is read to its end', () => {
  const deep = '/x'.repeat(10_000);
  assert.is(classifyCgroup(`${deep}/docker-${A}.scope`).kind, 'container');
});

test.run();
