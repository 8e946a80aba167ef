// The answer to the sign-in form is a redirect to the client, which may redirect on to any origin. A form-action in
// the page's CSP would stop Chromium there, silently: this runs the whole chain with real listeners.
import assert from 'node:assert/strict';
import http from 'node:http';
import * as oidc from 'openid-client';
import { press, signIn, tab, visible } from './support/browser.mjs';
import { clients, page as ids, users } from './support/contract.mjs';
import { suite } from './support/suite.mjs';

const run = suite();

const listen = (handler) =>
  new Promise((resolve) => {
    const server = http.createServer(handler).listen(0, '127.0.0.1', () => resolve({ server, port: server.address().port }));
  });

for (const javaScript of [true, false]) {
  for (const prompt of ['login', 'consent']) {
    run.test(`after ${prompt === 'login' ? 'the sign-in' : 'the consent'} form the browser follows the client to another origin, ${javaScript ? 'with' : 'without'} scripts`, async ({ server, browser }) => {
      const landing = await listen((request, response) => {
        response.setHeader('content-type', 'text/html');
        response.end('<!doctype html><html lang="en"><title>Landed</title><link rel="icon" href="data:,"><p id="landed">Landed</p></html>');
      });
      const seen = [];
      const client = await listen((request, response) => {
        seen.push(request.url);
        // Another host name is another origin.
        response.writeHead(302, { location: `http://localhost:${landing.port}/landed` }).end();
      });
      try {
        const url = new URL(server.metadata.authorization_endpoint);
        url.search = new URLSearchParams({
          client_id: clients.cli.id,
          redirect_uri: clients.cli.redirectUri(client.port),
          response_type: 'code',
          scope: 'openid',
          state: 's',
          prompt,
          code_challenge: await oidc.calculatePKCECodeChallenge(oidc.randomPKCECodeVerifier()),
          code_challenge_method: 'S256',
        });
        const page = await tab(browser, { javaScript });
        await page.goto(url.href);
        await signIn(page, users.alice);
        if (await visible(page, ids.consentAllow)) await press(page, ids.consentAllow);
        assert.equal(page.url(), `http://localhost:${landing.port}/landed`);
        assert.equal(seen.length, 1);
        assert.match(seen[0], /^\/callback\?.*code=/);
        assert.deepEqual(page.complaints, []);
        await page.context().close();
      } finally {
        client.server.close();
        landing.server.close();
        client.server.closeAllConnections();
        landing.server.closeAllConnections();
      }
    });
  }
}
