/** https://specifications.freedesktop.org/notification-spec/latest/protocol.html */
const NAME = 'org.freedesktop.Notifications';
const PATH = '/org/freedesktop/Notifications';
/** app_name, replaces_id, app_icon, summary, body, actions, hints, expire_timeout. */
const SIGNATURE = 'susssasa{sv}i';
const DEFAULT_EXPIRY = -1;
const TIMEOUT_MS = 5_000;

/** Shows a notification on the desktop that listens on a session bus. @throws Error when none does */
export async function notifyByBus(address: string, title: string, message: string): Promise<void> {
  const { default: dbus } = await import('@homebridge/dbus-native');
  const bus = dbus.createClient({ busAddress: address });
  try {
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error('the desktop does not answer')), TIMEOUT_MS);
      bus.connection.on('error', reject);
      const body = [title, 0, 'network-wireless', title, markup(message), [], [], DEFAULT_EXPIRY];
      bus.invoke(
        { destination: NAME, path: PATH, interface: NAME, member: 'Notify', signature: SIGNATURE, body },
        (error) => {
          clearTimeout(late);
          if (error === null) resolve();
          else reject(new Error(`${error.name}: ${String(error.message)}`));
        },
      );
    });
  } finally {
    bus.connection.stream.destroy();
  }
}

/** Bodies may be taken for markup: names of links and images are hostile. */
function markup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
