// mod_auth_openidc, the relying party of the Apache server, written in C by others: it signs people in and out.
import assert from 'node:assert/strict';
import { startApache } from './support/apache.mjs';
import { press, signIn, tab, visible } from './support/browser.mjs';
import { page as ids, users } from './support/contract.mjs';
import { freePort } from './support/net.mjs';
import { suite } from './support/suite.mjs';

let apache;
const run = suite({
  prepare: async ({ server }) => {
    const port = await freePort();
    const origin = `http://localhost:${port}`;
    const client = await server.createClient({
      kind: 'web',
      name: 'Apache',
      redirectUris: [`${origin}/protected/redirect_uri`],
      postLogoutRedirectUris: [`${origin}/open/`],
    });
    apache = await startApache({ port, issuer: server.issuer, client });
    return () => apache.stop();
  },
});

// Opens the protected page, and does what a person would until it is there.
async function enter(page, user) {
  await page.goto(`${apache.origin}/protected/`);
  for (let step = 0; step < 4 && !(await visible(page, '#protected')); step += 1) {
    if (await visible(page, ids.signIn)) await signIn(page, user);
    else if (await visible(page, ids.consentAllow)) await press(page, ids.consentAllow);
    else throw new Error(`an unexpected page at ${page.url()}\n${await apache.log()}`);
  }
}

for (const javaScript of [true, false]) {
  const scripts = javaScript ? 'with scripts' : 'without scripts';

  run.test(`Apache signs alice in, knows who she is, and signs her out, ${scripts}`, async ({ server, browser }) => {
    const page = await tab(browser, { javaScript });
    await enter(page, users.alice);
    assert.ok(await visible(page, '#protected'), await apache.log());
    const told = await page.context().request.get(`${apache.redirectUri}?info=json`);
    const { userinfo, id_token: idToken } = await told.json();
    assert.equal(userinfo.preferred_username, 'alice');
    assert.equal(idToken.iss, server.issuer);
    assert.equal(userinfo.sub, idToken.sub);

    await page.goto(`${apache.redirectUri}?logout=${encodeURIComponent(`${apache.origin}/open/`)}`);
    if (await visible(page, ids.logoutConfirm)) await press(page, ids.logoutConfirm);
    assert.ok(await visible(page, '#open'), `back at the app, not at ${page.url()}`);
    await page.goto(`${apache.origin}/protected/`);
    assert.ok(await visible(page, ids.signIn), 'signed out here and there');
    await page.context().close();
  });
}
