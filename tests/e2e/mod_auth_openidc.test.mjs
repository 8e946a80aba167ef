// mod_auth_openidc, the relying party of the Apache server, written in C by others: it signs people in and out.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { startApache } from './support/apache.mjs';
import { press, signIn, tab, visible } from './support/browser.mjs';
import { certificate } from './support/certificate.mjs';
import { page as ids, users } from './support/contract.mjs';
import { freePort, until } from './support/net.mjs';
import { startDev } from './support/server.mjs';
import { suite } from './support/suite.mjs';

let apache;
// One more Apache for each way to hear that a session ended, by https, as back-channel logout wants it.
const listening = {};
const dir = await mkdtemp(path.join(os.tmpdir(), 'symbolon-e2e-apache-'));
const tls = await certificate(dir, 'apache');

async function startListening(server, kind, setting) {
  const port = await freePort();
  const redirectUri = `https://localhost:${port}/protected/redirect_uri`;
  const client = await server.createClient({ kind: 'web', name: `Apache ${kind}`, redirectUris: [redirectUri], ...setting(redirectUri) });
  listening[kind] = await startApache({ port, issuer: server.issuer, client, tls });
}

const run = suite({
  start: () => startDev({ env: { SSL_CERT_FILE: tls.cert } }),
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
    await startListening(server, 'front channel', (uri) => ({ frontchannelLogoutUri: `${uri}?logout=get`, flags: { 'frontchannel-logout-session-required': 'true' } }));
    await startListening(server, 'back channel', (uri) => ({ backchannelLogoutUri: `${uri}?logout=backchannel`, flags: { 'backchannel-logout-session-required': 'true' } }));
    return async () => {
      for (const one of [apache, ...Object.values(listening)]) await one.stop();
      await rm(dir, { recursive: true, force: true });
    };
  },
});

// Opens the protected page, and does what a person would until it is there.
async function enter(page, user, app = apache) {
  await page.goto(`${app.origin}/protected/`);
  for (let step = 0; step < 4 && !(await visible(page, '#protected')); step += 1) {
    if (await visible(page, ids.signIn)) await signIn(page, user);
    else if (await visible(page, ids.consentAllow)) await press(page, ids.consentAllow);
    else throw new Error(`an unexpected page at ${page.url()}\n${await app.log()}`);
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

for (const kind of ['front channel', 'back channel']) {
  run.test(`Apache hears of a sign-out here by the ${kind}, and its session is gone`, async ({ server, browser }) => {
    const app = listening[kind];
    const page = await tab(browser, { ignoreHTTPSErrors: true });
    await enter(page, users.alice, app);
    // Somebody else's session at the same app stays.
    const other = await tab(browser, { ignoreHTTPSErrors: true });
    await enter(other, users.bob, app);
    const session = async (of) => (await of.context().request.get(`${app.origin}/protected/`, { maxRedirects: 0 })).status();
    assert.equal(await session(page), 200);

    await page.goto(server.metadata.end_session_endpoint);
    await press(page, ids.logoutConfirm);
    assert.ok(await page.locator(ids.signedOut).count());
    await until(async () => (await session(page)) === 302, 'the session at Apache goes on', { interval: 100 }).catch(async (error) => {
      throw new Error(`${error.message}\n${await app.log()}`);
    });
    assert.equal(await session(other), 200);
    await other.context().close();
    await page.context().close();
  });
}
