// The certified openid-client asks for a person over the back channel (OpenID Connect CIBA): it polls or is pinged, and
// the person answers at /requests in a browser.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import * as jose from 'jose';
import * as oidc from 'openid-client';
import { answerRequest, signInAtRequests, tab } from './support/browser.mjs';
import { certificate } from './support/certificate.mjs';
import { page as ids, users } from './support/contract.mjs';
import { keyPair } from './support/keys.mjs';
import { application, refused } from './support/relying_party.mjs';
import { startDev } from './support/server.mjs';
import { suite } from './support/suite.mjs';

// Where clients are told: by https, with a certificate that the server trusts.
const dir = await mkdtemp(path.join(os.tmpdir(), 'symbolon-e2e-ciba-'));
const tls = await certificate(dir, 'till');
const run = suite({
  start: () => startDev({ env: { SSL_CERT_FILE: tls.cert } }),
  prepare: () => () => rm(dir, { recursive: true, force: true }),
});
const grantTypes = ['authorization_code', 'ciba', 'refresh_token'];

// A person at the list of requests, signed in.
async function atRequests({ server, browser }, user, options) {
  const page = await tab(browser, options);
  await signInAtRequests(page, server, user);
  return page;
}

// What listens in the place of the client: `next()` resolves with the coming notification.
async function notificationEndpoint() {
  const waiting = [];
  const arrived = [];
  const listener = https.createServer({ cert: await readFile(tls.cert), key: await readFile(tls.key) }, async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    response.writeHead(204).end();
    const { authorization, 'content-type': contentType } = request.headers;
    const seen = { method: request.method, authorization, contentType, body: JSON.parse(Buffer.concat(chunks)) };
    const receiver = waiting.shift();
    if (receiver) receiver(seen);
    else arrived.push(seen);
  });
  await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return {
    url: `https://localhost:${listener.address().port}/ciba`,
    arrived,
    next: () => (arrived.length ? Promise.resolve(arrived.shift()) : new Promise((resolve) => waiting.push(resolve))),
    close: () => listener.close().closeAllConnections(),
  };
}

for (const javaScript of [true, false]) {
  run.test(`a client that polls waits until the person allows it, ${javaScript ? 'with' : 'without'} scripts`, async (shared) => {
    const { made, config } = await application(shared.server, { name: `Till ${javaScript ? 'with' : 'without'} scripts`, grantTypes });
    const message = 'Pay 12.50 EUR, W4SCT';
    const asked = await oidc.initiateBackchannelAuthentication(config, { scope: 'openid profile offline_access', login_hint: users.alice.username, binding_message: message, requested_expiry: '120' });
    assert.equal(asked.expires_in, 120);
    const polling = oidc.pollBackchannelAuthenticationGrant(config, asked);

    // Somebody else neither sees the request nor can answer it.
    const stranger = await atRequests(shared, users.bob, { javaScript });
    assert.equal(await stranger.locator(ids.requests.summary).getAttribute('data-count'), '0');
    const page = await atRequests(shared, users.alice, { javaScript });
    assert.equal(await answerRequest(page, shared.server), message);

    const tokens = await polling;
    const claims = tokens.claims();
    assert.equal(claims.aud, made.id);
    assert.equal(claims['urn:openid:params:jwt:claim:auth_req_id'], asked.auth_req_id);
    assert.equal((await oidc.fetchUserInfo(config, tokens.access_token, claims.sub)).preferred_username, 'alice');
    assert.ok((await oidc.refreshTokenGrant(config, tokens.refresh_token)).access_token);

    // What was redeemed once is redeemed no more.
    await assert.rejects(oidc.pollBackchannelAuthenticationGrant(config, asked), refused('invalid_grant'));
    await stranger.context().close();
    await page.context().close();
  });
}

run.test('the client hears that the person denied', async (shared) => {
  const { config } = await application(shared.server, { name: 'Denied till', grantTypes });
  const asked = await oidc.initiateBackchannelAuthentication(config, { scope: 'openid', login_hint: users.alice.username, binding_message: 'Not mine' });
  const polling = assert.rejects(oidc.pollBackchannelAuthenticationGrant(config, asked), refused('access_denied'));
  const page = await atRequests(shared, users.alice);
  assert.equal(await answerRequest(page, shared.server, false), 'Not mine');
  await polling;
  await page.context().close();
});

run.test('a client that is pinged asks when it hears that there is an answer, whichever it is', async (shared, t) => {
  const endpoint = await notificationEndpoint();
  t.after(() => endpoint.close());
  const { made, config } = await application(shared.server, {
    name: 'Pinged till',
    grantTypes,
    flags: { 'backchannel-token-delivery-mode': 'ping', 'backchannel-client-notification-endpoint': endpoint.url },
  });
  const page = await atRequests(shared, users.alice);
  for (const allow of [true, false]) {
    const message = allow ? 'Open the gate' : 'Close the gate';
    const client_notification_token = oidc.randomState();
    const asked = await oidc.initiateBackchannelAuthentication(config, { scope: 'openid', login_hint: users.alice.username, binding_message: message, client_notification_token });
    const coming = endpoint.next();
    assert.equal(await answerRequest(page, shared.server, allow), message);
    const ping = await coming;
    assert.equal(ping.method, 'POST');
    assert.match(ping.contentType, /^application\/json/);
    assert.equal(ping.authorization, `Bearer ${client_notification_token}`);
    assert.deepEqual(ping.body, { auth_req_id: asked.auth_req_id });
    // One that was pinged need not wait: the library's own wait is left out.
    const redeeming = oidc.pollBackchannelAuthenticationGrant(config, { ...asked, interval: 0 });
    if (allow) assert.equal((await redeeming).claims().aud, made.id);
    else await assert.rejects(redeeming, refused('access_denied'));
  }
  assert.deepEqual(endpoint.arrived, [], 'one ping for each answer');
  await assert.rejects(oidc.initiateBackchannelAuthentication(config, { scope: 'openid', login_hint: users.alice.username }), refused('invalid_request'));
  await page.context().close();
});

run.test('a client that signs its requests is heard only with its own key, and each request once', async (shared) => {
  const [known, unknown] = await Promise.all([keyPair('ES256', 'requests', 'sig'), keyPair('ES256', 'requests', 'sig')]);
  const { made, config } = await application(shared.server, {
    name: 'Signing till',
    grantTypes,
    authMethod: 'private_key_jwt',
    jwks: { keys: [known.jwk] },
    auth: oidc.PrivateKeyJwt({ key: known.privateKey, kid: known.kid }),
    flags: { 'backchannel-authentication-request-signing-alg': 'ES256' },
  });
  const parameters = { scope: 'openid', login_hint: users.alice.username, binding_message: 'Signed 4711' };
  // The library signs authorization requests only; what is signed here is signed in the same way.
  const sign = ({ alg, kid, privateKey }) =>
    new jose.SignJWT(parameters)
      .setProtectedHeader({ alg, kid })
      .setIssuer(made.id)
      .setAudience(shared.server.issuer)
      .setIssuedAt()
      .setNotBefore('0s')
      .setExpirationTime('5m')
      .setJti(oidc.randomState())
      .sign(privateKey);
  const request = await sign(known);
  const asked = await oidc.initiateBackchannelAuthentication(config, { request });
  const page = await atRequests(shared, users.alice);
  assert.equal(await answerRequest(page, shared.server), parameters.binding_message);
  const tokens = await oidc.pollBackchannelAuthenticationGrant(config, { ...asked, interval: 0 });
  assert.equal(tokens.claims().aud, made.id);

  for (const bad of [{ request }, { request: await sign(unknown) }, parameters]) {
    await assert.rejects(oidc.initiateBackchannelAuthentication(config, bad), refused('invalid_request'));
  }
  await page.context().close();
});

run.test('nobody is asked about a person who is not there, or by a client that may not ask', async ({ server }) => {
  const { config } = await application(server, { name: 'Curious till', grantTypes });
  const ask = (parameters, by = config) => oidc.initiateBackchannelAuthentication(by, { scope: 'openid', ...parameters });
  await assert.rejects(ask({ login_hint: 'nobody-here' }), refused('unknown_user_id'));
  await assert.rejects(ask({}), refused('invalid_request'));
  await assert.rejects(ask({ login_hint: users.alice.username, binding_message: 'x'.repeat(65) }), refused('invalid_binding_message'));
  const { config: other } = await application(server, { name: 'No till' });
  await assert.rejects(ask({ login_hint: users.alice.username }, other), refused('unauthorized_client'));
});
