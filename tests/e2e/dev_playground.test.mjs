// The relying party at /dev, clicked through as somebody would on the first evening.
import assert from 'node:assert/strict';
import { press, signIn, tab, visible } from './support/browser.mjs';
import { page as ids, users } from './support/contract.mjs';
import { suite } from './support/suite.mjs';

const run = suite();
const text = (page) => page.locator('body').innerText();

for (const javaScript of [true, false]) {
  run.test(`alice signs in at /dev, reads her tokens, refreshes and signs out, ${javaScript ? 'with' : 'without'} scripts`, async ({ server, browser }) => {
    const page = await tab(browser, { javaScript });
    await page.goto(`${server.issuer}/dev`);
    await press(page, ids.dev.signIn);
    assert.ok(await visible(page, ids.signIn));
    await signIn(page, users.alice);
    if (await visible(page, ids.consentAllow)) await press(page, ids.consentAllow);

    const shown = await text(page);
    assert.ok(new URL(page.url()).pathname.startsWith('/dev'), page.url());
    // The claims are decoded, not only pasted.
    for (const word of ['sub', 'aud', 'preferred_username', 'alice', server.issuer]) assert.ok(shown.includes(word), `the result page lacks ${word}`);

    await press(page, ids.dev.refresh);
    const refreshed = await text(page);
    assert.ok(refreshed.includes('sub'), 'the tokens are shown again');
    assert.notEqual(refreshed, shown, 'a refresh brings other tokens');

    await press(page, ids.dev.signOut);
    if (await visible(page, ids.logoutConfirm)) await press(page, ids.logoutConfirm);
    assert.deepEqual(page.complaints, []);

    // Signed out at the server too, not only at the playground.
    await page.goto(`${server.issuer}/dev`);
    await press(page, ids.dev.signIn);
    assert.ok(await visible(page, ids.signIn));
    await page.context().close();
  });
}

run.test('a callback with a state that was never sent is refused', async ({ server, browser }) => {
  const page = await tab(browser);
  await page.goto(`${server.issuer}/dev/callback?code=x&state=y&iss=${encodeURIComponent(server.issuer)}`);
  assert.ok(page.document.status() >= 400 && page.document.status() < 500);
  await page.context().close();
});
