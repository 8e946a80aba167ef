// The script of the check_session_iframe in a real browser (OpenID Connect Session Management 1.0 §3): an app's page
// embeds it, and hears whether the person who signed in is still signed in.
import assert from 'node:assert/strict';
import http from 'node:http';
import * as oidc from 'openid-client';
import { press, signIn, tab, visible } from './support/browser.mjs';
import { page as ids, users } from './support/contract.mjs';
import { freePort } from './support/net.mjs';
import { suite } from './support/suite.mjs';

const run = suite();

// Pages of an app, of an origin of their own on the host of the server: with them the frame reads its own cookie,
// also in browsers that keep the cookies of other sites apart.
async function listen(host) {
  const app = http.createServer((request, response) => {
    response.setHeader('Content-Type', 'text/html');
    response.end('<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>App</title><p>The app.</p></html>');
  });
  const port = await freePort();
  await new Promise((resolve) => app.listen(port, '127.0.0.1', resolve));
  const close = () => {
    app.close();
    app.closeAllConnections();
  };
  return { origin: `http://${host}:${port}`, close };
}

async function authorizationUrl(server, client, extra = {}) {
  const url = new URL(server.metadata.authorization_endpoint);
  url.search = new URLSearchParams({
    client_id: client.id,
    redirect_uri: client.redirectUris[0],
    response_type: 'code',
    scope: 'openid',
    state: 's',
    code_challenge: await oidc.calculatePKCECodeChallenge(oidc.randomPKCECodeVerifier()),
    code_challenge_method: 'S256',
    ...extra,
  });
  return url.href;
}

// Signs in, and answers the session_state that the app is told.
async function enter(page, server, client, user) {
  await page.goto(await authorizationUrl(server, client));
  if (await visible(page, ids.signIn)) await signIn(page, user);
  if (await visible(page, ids.consentAllow)) await press(page, ids.consentAllow);
  const url = new URL(page.url());
  assert.equal(url.origin + url.pathname, client.redirectUris[0]);
  return url.searchParams.get('session_state');
}

// Embeds the frame in the page that is shown, once.
const embed = (page, address) =>
  page.evaluate(
    (src) =>
      new Promise((resolve) => {
        const frame = document.createElement('iframe');
        frame.id = 'op';
        frame.hidden = true;
        frame.onload = () => resolve();
        frame.src = src;
        document.body.append(frame);
      }),
    address,
  );

// Sends a message to the frame, and answers what comes back from its origin.
const ask = (page, address, message) =>
  page.evaluate(
    ([src, text]) =>
      new Promise((resolve, reject) => {
        const { origin } = new URL(src);
        const patience = setTimeout(() => reject(new Error('no answer from the frame')), 5000);
        addEventListener('message', function hear(event) {
          if (event.origin !== origin) return;
          removeEventListener('message', hear);
          clearTimeout(patience);
          resolve(event.data);
        });
        document.getElementById('op').contentWindow.postMessage(text, origin);
      }),
    [address, message],
  );

run.test('an app hears from the frame whether the session is still the same', async ({ server, browser }) => {
  const frame = server.metadata.check_session_iframe;
  const host = new URL(server.issuer).hostname;
  const [app, stranger] = [await listen(host), await listen(host)];
  try {
    const client = await server.createClient({ kind: 'web', name: 'Watching app', redirectUris: [`${app.origin}/callback`] });
    const page = await tab(browser);
    const state = await enter(page, server, client, users.alice);
    await embed(page, frame);
    assert.equal(await ask(page, frame, `${client.id} ${state}`), 'unchanged');
    // Asked again, it answers the same; what an app was never told is changed.
    assert.equal(await ask(page, frame, `${client.id} ${state}`), 'unchanged');
    assert.equal(await ask(page, frame, `another-app ${state}`), 'changed');
    const [hash, salt] = state.split('.');
    assert.equal(await ask(page, frame, `${client.id} ${hash}.${salt}x`), 'changed');
    for (const malformed of ['', client.id, `${client.id} `, `${client.id} ${hash}`, `${client.id} ${hash}.`, `${client.id} ${state} x`, ` ${state}`, { client_id: client.id }]) {
      assert.equal(await ask(page, frame, malformed), 'error', JSON.stringify(malformed));
    }

    // A page of another origin that got hold of both learns nothing.
    const other = await page.context().newPage();
    await other.goto(`${stranger.origin}/`);
    await embed(other, frame);
    assert.equal(await ask(other, frame, `${client.id} ${state}`), 'changed');

    // A renewed answer is told another state, and both are true.
    const silent = await page.context().newPage();
    await silent.goto(await authorizationUrl(server, client, { prompt: 'none' }));
    const renewed = new URL(silent.url()).searchParams.get('session_state');
    assert.ok(renewed && renewed !== state);
    assert.equal(await ask(page, frame, `${client.id} ${renewed}`), 'unchanged');

    // Signed out in another tab: the page that has been open all the time hears of it, without being loaded again.
    await silent.goto(server.metadata.end_session_endpoint);
    await press(silent, ids.logoutConfirm);
    assert.equal(await ask(page, frame, `${client.id} ${state}`), 'changed');
    assert.equal(await ask(page, frame, `${client.id} ${renewed}`), 'changed');

    // Somebody else signs in: still not the session that the app was told of.
    const next = await enter(silent, server, client, users.bob);
    assert.equal(await ask(page, frame, `${client.id} ${state}`), 'changed');
    assert.equal(await ask(page, frame, `${client.id} ${next}`), 'unchanged');
    await page.context().close();
  } finally {
    app.close();
    stranger.close();
  }
});
