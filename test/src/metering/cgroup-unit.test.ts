import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { classifyCgroup } from '../../../src/metering/cgroup-path.js';

const USER = '/user.slice/user-1000.slice/user@1000.service';

const names: [path: string, kind: string, name: string][] = [
  ['/system.slice/NetworkManager.service', 'unit', 'NetworkManager.service'],
  ['/system.slice/system-openvpn.slice/openvpn@home.service', 'unit', 'openvpn@home.service'],
  ['/system.slice/systemd-udevd.service/udev', 'unit', 'systemd-udevd.service'],
  ['/system.slice/my\\x2dservice.service', 'unit', 'my-service.service'],
  ['/system.slice/caf\\xc3\\xa9.service', 'unit', 'café.service'],
  ['/system.slice/bad\\xff.service', 'unit', 'bad\\xff.service'],
  ['/init.scope', 'unit', 'systemd'],
  ['/user.slice/user-1000.slice/session-2.scope', 'session', 'login session 2 of user 1000'],
  [`${USER}/init.scope`, 'session', 'systemd of user 1000'],
  [USER, 'session', 'systemd of user 1000'],
  [`${USER}/app.slice/docker.service`, 'unit', 'docker.service of user 1000'],
  [`${USER}/app.slice/app-gnome-firefox-4242.scope`, 'unit', 'firefox'],
  [`${USER}/app.slice/app-gnome-code\\x2doss-4242.scope`, 'unit', 'code-oss'],
  [`${USER}/app.slice/app-org.kde.konsole-4242.scope`, 'unit', 'org.kde.konsole'],
  [`${USER}/app.slice/app-flatpak-org.mozilla.firefox-31.scope`, 'unit', 'org.mozilla.firefox'],
  [`${USER}/app.slice/app-org.kde.discover@5a1b.service`, 'unit', 'org.kde.discover'],
  [`${USER}/app.slice/app-odd.scope`, 'unit', 'app-odd.scope'],
  [`${USER}/app.slice/snap.firefox.firefox-01234567-89ab-cdef-0123-456789abcdef.scope`, 'unit', 'firefox'],
  [`${USER}/app.slice/app-org.gnome.Terminal.slice/vte-spawn-0a.scope`, 'unit', 'terminal'],
  [`${USER}/tmux-spawn-0a.scope`, 'unit', 'tmux'],
  ['/system.slice/snap.docker.dockerd.service', 'unit', 'snap.docker.dockerd.service'],
  ['/user.slice/user-0.slice/run-r5.scope', 'unit', 'run-r5.scope'],
];

for (const [path, kind, name] of names) {
  test(`${path} is ${name}`, () => {
    const meaning = classifyCgroup(path);
    assert.is(meaning.kind, kind);
    assert.is((meaning as { name?: string }).name, name);
  });
}

test('what a unit keeps below itself is the unit', () => {
  const meaning = classifyCgroup(`${USER}/app.slice/app-gnome-firefox-1.scope/tabs/7`);
  assert.is(meaning.path, `${USER}/app.slice/app-gnome-firefox-1.scope`);
  assert.is((meaning as { uid?: number }).uid, 1000);
});

test.run();
