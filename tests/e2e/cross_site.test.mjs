// An app of another site asks by what the protocols have for that: in a frame whether somebody is signed in
// (`prompt=none`), and by POST (OIDC Core 3.1.2.1). What else its pages send here in a person's name is refused.
import assert from 'node:assert/strict';
import http from 'node:http';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { authorize, profileTab, visible } from './support/browser.mjs';
import { certificate } from './support/certificate.mjs';
import { page as ids } from './support/contract.mjs';
import { productionServer } from './support/server.mjs';
import { suite } from './support/suite.mjs';

const dir = await mkdtemp(path.join(os.tmpdir(), 'symbolon-e2e-cross-site-'));
const tls = await certificate(dir, 'op');
const ca = await readFile(tls.cert);
const user = { username: 'ada', email: 'ada@example.com', password: 'correct horse battery 42' };
const app = {};
const opened = [];

// GET over TLS, as JSON.
const getJson = (url) =>
  new Promise((resolve, reject) => {
    https
      .get(url, { ca, agent: false }, (answer) => {
        let body = '';
        answer.on('data', (chunk) => (body += chunk));
        answer.on('end', () => (answer.statusCode === 200 ? resolve(JSON.parse(body)) : resolve(undefined)));
      })
      .on('error', reject);
  });

const run = suite({
  browser: false,
  start: async () => {
    const server = await productionServer({
      env: { SYMBOLON_TLS__CERTIFICATE_FILE: tls.cert, SYMBOLON_TLS__KEY_FILE: tls.key },
      discover: (port) => getJson(`https://localhost:${port}/.well-known/openid-configuration`),
    });
    return server.start();
  },
  prepare: async ({ server }) => {
    // 127.0.0.1 is another site than localhost, where the server is.
    const listener = http.createServer((request, response) => {
      response.setHeader('Content-Type', 'text/html').end('<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>App</title><p>The app.</p></html>');
    });
    await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
    app.origin = `http://127.0.0.1:${listener.address().port}`;
    app.callback = `${app.origin}/callback`;
    await server.createUser(user);
    app.client = await server.createClient({ kind: 'web', name: 'Of another site', redirectUris: [app.callback] });
    return async () => {
      for (const page of opened) await page.context().close();
      listener.close();
      listener.closeAllConnections();
      await rm(dir, { recursive: true, force: true });
    };
  },
});

const parameters = (extra = {}) => ({
  client_id: app.client.id,
  redirect_uri: app.callback,
  response_type: 'code',
  scope: 'openid',
  state: 's',
  code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  code_challenge_method: 'S256',
  ...extra,
});

const address = (server, extra) => `${server.metadata.authorization_endpoint}?${new URLSearchParams(parameters(extra))}`;

// Chromium gives frames of other sites their cookies only where the person allows it.
async function browse() {
  const profile = await mkdtemp(path.join(dir, 'profile-'));
  await mkdir(path.join(profile, 'Default'));
  await writeFile(path.join(profile, 'Default', 'Preferences'), JSON.stringify({ profile: { cookie_controls_mode: 0 } }));
  const page = await profileTab(profile, { ignoreHTTPSErrors: true });
  opened.push(page);
  return page;
}

async function signedIn(server) {
  const page = await browse();
  await authorize(page, address(server), app.callback, { user });
  await page.goto(app.origin);
  return page;
}

// What the app learns in a frame of its page.
async function askInFrame(page, server) {
  await page.goto(app.origin);
  const answer = page.waitForRequest((request) => request.url().startsWith(app.callback));
  await page.evaluate((src) => {
    const frame = document.createElement('iframe');
    frame.hidden = true;
    frame.src = src;
    document.body.append(frame);
  }, address(server, { prompt: 'none' }));
  return new URL((await answer).url()).searchParams;
}

// The page of the app sends a form.
async function post(page, action, fields) {
  await page.goto(app.origin);
  const sent = page.evaluate(
    ([to, members]) => {
      const form = Object.assign(document.createElement('form'), { method: 'post', action: to });
      for (const [name, value] of members) form.append(Object.assign(document.createElement('input'), { type: 'hidden', name, value }));
      document.body.append(form);
      form.submit();
    },
    [action, Object.entries(fields)],
  );
  await Promise.all([page.waitForEvent('load'), sent]);
}

run.test('in a frame an app of another site hears whether somebody is signed in', async ({ server }) => {
  const nobody = await browse();
  assert.equal((await askInFrame(nobody, server)).get('error'), 'login_required');
  const page = await signedIn(server);
  const answer = await askInFrame(page, server);
  assert.ok(answer.get('code'), String(answer));
});

run.test('a request by POST finds who is signed in', async ({ server }) => {
  const page = await signedIn(server);
  await post(page, server.metadata.authorization_endpoint, parameters());
  const url = new URL(page.url());
  assert.equal(url.origin + url.pathname, app.callback, 'nobody is asked again');
  assert.ok(url.searchParams.get('code'));
});

run.test('a form of another site does nothing here, and nobody is signed out by it', async ({ server }) => {
  const page = await signedIn(server);
  for (const target of ['/sign-out', '/requests', '/device', '/sign-in']) {
    await post(page, server.issuer + target, { csrf: 'guessed', action: 'continue' });
    assert.ok(await visible(page, ids.errorMessage), target);
    assert.match(await page.locator('main').innerText(), /AS-5008/, target);
  }
  assert.ok((await askInFrame(page, server)).get('code'), 'still signed in');
});
