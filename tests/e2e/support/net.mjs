// Free ports, and waiting for things that happen soon.
import net from 'node:net';

export function freePort(host = '127.0.0.1') {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once('error', reject);
    probe.listen(0, host, () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// Calls `probe` until it answers something true, or throws what `describe` says after `timeout` milliseconds.
export async function until(probe, describe, { timeout = 10_000, interval = 20 } = {}) {
  const end = Date.now() + timeout;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > end) throw new Error(typeof describe === 'function' ? describe() : describe);
    await pause(interval);
  }
}
