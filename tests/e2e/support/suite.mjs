// One server (and one browser, when asked for) for the tests of a file. A failing test prints what the server said.
import test, { after, before } from 'node:test';
import { launch } from './browser.mjs';
import { kind } from './database.mjs';
import { startDev, tail } from './server.mjs';

// `prepare(shared)` runs when both are there, and answers what ends it.
export function suite({ start = startDev, browser = true, prepare } = {}) {
  const shared = {
    // Declares a test; its function gets (shared, t).
    test(name, body) {
      return test(`${name} [${kind}]`, async (t) => {
        const from = shared.server.output.length;
        try {
          await body(shared, t);
        } catch (error) {
          console.error(`--- ${name}: the server said\n${tail(shared.server.output.slice(from))}---`);
          throw error;
        }
      });
    },
  };
  before(async () => {
    // Both are waited for, even if one fails: a browser that came up later would never be closed, and nothing would end.
    const begun = await Promise.allSettled([
      start().then((server) => (shared.server = server)),
      browser ? launch().then((launched) => (shared.browser = launched)) : undefined,
    ]);
    const failed = begun.find(({ status }) => status === 'rejected');
    if (failed) throw failed.reason;
    shared.end = await prepare?.(shared);
  });
  after(async () => {
    await shared.end?.();
    await shared.browser?.close();
    await shared.server?.stop();
  });
  return shared;
}
