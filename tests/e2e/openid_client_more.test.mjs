// The certified openid-client with what goes beyond the plain code flow: pushed and signed requests, signed answers,
// proof of possession, devices, hybrid answers, and encrypted tokens.
import assert from 'node:assert/strict';
import * as jose from 'jose';
import * as oidc from 'openid-client';
import { authorize, press, signIn, tab, visible } from './support/browser.mjs';
import { page as ids, users } from './support/contract.mjs';
import { keyPair } from './support/keys.mjs';
import { application, offline, redirectUri, refused, signInWith } from './support/relying_party.mjs';
import { suite } from './support/suite.mjs';

const run = suite();

// What every authorization request of a code flow holds, and what its answer is checked against.
async function flow() {
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
  const [state, nonce] = [oidc.randomState(), oidc.randomNonce()];
  const code_challenge = await oidc.calculatePKCECodeChallenge(pkceCodeVerifier);
  return {
    parameters: { redirect_uri: redirectUri, scope: 'openid profile email', state, nonce, code_challenge, code_challenge_method: 'S256' },
    checks: { pkceCodeVerifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true },
  };
}

run.test('a pushed authorization request leaves nothing but a reference in the address', async ({ server, browser }) => {
  const { made, config } = await application(server, { name: 'Pushes', flags: { 'require-par': 'true' } });
  const { parameters, checks } = await flow();
  const url = await oidc.buildAuthorizationUrlWithPAR(config, parameters);
  assert.deepEqual([...url.searchParams.keys()].sort(), ['client_id', 'request_uri']);
  const page = await tab(browser);
  const callback = await authorize(page, url, redirectUri, { user: users.alice });
  const tokens = await oidc.authorizationCodeGrant(config, callback.url, checks);
  assert.equal(tokens.claims().aud, made.id);

  // The client said that it always pushes: a plain request is refused.
  const plain = await authorize(page, oidc.buildAuthorizationUrl(config, (await flow()).parameters), redirectUri);
  assert.equal(plain.url.searchParams.get('error'), 'invalid_request');
  await page.context().close();
});

run.test('a signed request object carries the request, and no other key signs it', async ({ server, browser }) => {
  const [known, unknown] = await Promise.all([keyPair('ES256', 'requests', 'sig'), keyPair('ES256', 'requests', 'sig')]);
  const { config } = await application(server, {
    name: 'Signs requests',
    jwks: { keys: [known.jwk] },
    flags: { 'request-object-alg': 'ES256', 'require-signed-request-object': 'true' },
  });
  const page = await tab(browser);
  const { parameters, checks } = await flow();
  const url = await oidc.buildAuthorizationUrlWithJAR(config, parameters, { key: known.privateKey, kid: known.kid });
  assert.ok(url.searchParams.get('request'));
  assert.equal(url.searchParams.get('state'), null);
  const callback = await authorize(page, url, redirectUri, { user: users.alice });
  assert.ok((await oidc.authorizationCodeGrant(config, callback.url, checks)).claims().sub);

  // Pushed as well.
  const again = await flow();
  const signed = await oidc.buildAuthorizationUrlWithJAR(config, again.parameters, { key: known.privateKey, kid: known.kid });
  const pushed = await oidc.buildAuthorizationUrlWithPAR(config, { request: signed.searchParams.get('request') });
  const second = await authorize(page, pushed, redirectUri);
  assert.ok((await oidc.authorizationCodeGrant(config, second.url, again.checks)).claims().sub);

  const forged = await oidc.buildAuthorizationUrlWithJAR(config, (await flow()).parameters, { key: unknown.privateKey, kid: unknown.kid });
  await assert.rejects(oidc.buildAuthorizationUrlWithPAR(config, { request: forged.searchParams.get('request') }), refused('invalid_request_object'));
  await page.context().close();
});

run.test('the answer comes as a signed JWT where the client asks for it (JARM)', async ({ server, browser }) => {
  const { config } = await application(server, { name: 'Signed answers', extensions: [oidc.useJwtResponseMode] });
  const page = await tab(browser);
  const { parameters, checks } = await flow();
  const callback = await authorize(page, oidc.buildAuthorizationUrl(config, parameters), redirectUri, { user: users.alice });
  assert.deepEqual([...callback.url.searchParams.keys()], ['response']);
  assert.ok((await oidc.authorizationCodeGrant(config, callback.url, checks)).claims().sub);

  // A refusal is signed, too.
  const silent = await flow();
  const fresh = await tab(browser);
  const refusal = await authorize(fresh, oidc.buildAuthorizationUrl(config, { ...silent.parameters, prompt: 'none' }), redirectUri);
  await assert.rejects(oidc.authorizationCodeGrant(config, refusal.url, silent.checks), refused('login_required'));
  await fresh.context().close();
  await page.context().close();
});

run.test('with DPoP the code, the refresh token and UserInfo all need the key', async ({ server, browser }) => {
  const { config } = await application(server, { name: 'Proves possession', flags: { 'dpop-bound': 'true' } });
  const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair('ES256'));
  const page = await tab(browser);
  const { parameters, checks } = await flow();
  const dpop_jkt = await DPoP.calculateThumbprint();
  const callback = await authorize(page, oidc.buildAuthorizationUrl(config, { ...parameters, ...offline, dpop_jkt }), redirectUri, { user: users.alice });
  const tokens = await oidc.authorizationCodeGrant(config, callback.url, checks, undefined, { DPoP });
  assert.equal(tokens.token_type, 'dpop');
  const claims = jose.decodeJwt(tokens.access_token);
  assert.equal(claims.cnf.jkt, dpop_jkt);
  const sub = tokens.claims().sub;
  assert.equal((await oidc.fetchUserInfo(config, tokens.access_token, sub, { DPoP })).preferred_username, 'alice');
  const second = await oidc.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
  assert.equal(second.token_type, 'dpop');
  assert.equal(jose.decodeJwt(second.access_token).cnf.jkt, dpop_jkt);
  assert.equal((await oidc.fetchUserInfo(config, second.access_token, sub, { DPoP })).sub, sub);

  // Without the key, or with another one, the token is worth nothing.
  const thief = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair('ES256'));
  for (const options of [{ DPoP: thief }, undefined]) {
    await assert.rejects(oidc.fetchUserInfo(config, second.access_token, sub, options), (thrown) => thrown.status === 401);
  }
  await assert.rejects(oidc.refreshTokenGrant(config, second.refresh_token), (thrown) => thrown.status === 400);
  // A code that is bound to the key is not redeemed with another one.
  const other = await flow();
  const stolen = await authorize(page, oidc.buildAuthorizationUrl(config, { ...other.parameters, dpop_jkt }), redirectUri);
  await assert.rejects(oidc.authorizationCodeGrant(config, stolen.url, other.checks, undefined, { DPoP: thief }), (thrown) => thrown.status === 400);
  await page.context().close();
});

for (const javaScript of [true, false]) {
  run.test(`a device waits until a person allows it, ${javaScript ? 'with' : 'without'} scripts`, async ({ server, browser }) => {
    const { config } = await application(server, {
      name: `Television ${javaScript ? 'with' : 'without'} scripts`,
      kind: 'native',
      redirectUris: [],
      auth: oidc.None(),
      grantTypes: ['device_code', 'refresh_token'],
    });
    const started = await oidc.initiateDeviceAuthorization(config, { scope: 'openid profile offline_access' });
    const polling = oidc.pollDeviceAuthorizationGrant(config, started);
    const page = await tab(browser, { javaScript });
    await page.goto(started.verification_uri);
    // As a person types it.
    await page.locator(ids.device.code).fill(started.user_code.toLowerCase().replace('-', ' '));
    await press(page, ids.device.submit);
    assert.ok(await visible(page, ids.signIn));
    await signIn(page, users.alice);
    await page.locator(ids.approve.startedHere).check();
    await press(page, ids.approve.allow);
    assert.equal(await page.locator(ids.answered).getAttribute('data-allowed'), 'yes');
    const tokens = await polling;
    const info = await oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
    assert.equal(info.preferred_username, 'alice');
    const second = await oidc.refreshTokenGrant(config, tokens.refresh_token);
    assert.ok(second.access_token);

    const unwanted = await oidc.initiateDeviceAuthorization(config, { scope: 'openid' });
    await page.goto(unwanted.verification_uri_complete);
    await press(page, ids.device.submit);
    await press(page, ids.approve.deny);
    await assert.rejects(oidc.pollDeviceAuthorizationGrant(config, unwanted), refused('access_denied'));
    await page.context().close();
  });
}

run.test('code id_token: the front channel answer is checked with its hash, by fragment and by form_post', async ({ server, browser }) => {
  const { config } = await application(server, {
    name: 'Hybrid',
    grantTypes: ['authorization_code', 'implicit', 'refresh_token'],
    responseTypes: ['code', 'code id_token'],
    extensions: [oidc.useCodeIdTokenResponseType],
  });
  const page = await tab(browser);
  for (const mode of ['fragment', 'form_post']) {
    const { parameters, checks } = await flow();
    const url = oidc.buildAuthorizationUrl(config, { ...parameters, ...(mode === 'form_post' ? { response_mode: mode } : {}) });
    const callback = await authorize(page, url, redirectUri, { user: users.alice });
    let answer = callback.url;
    if (mode === 'form_post') {
      answer = new Request(redirectUri, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: callback.body });
    } else {
      assert.equal(callback.url.search, '');
      assert.ok(new URLSearchParams(callback.url.hash.slice(1)).get('id_token'));
    }
    const tokens = await oidc.authorizationCodeGrant(config, answer, checks);
    assert.ok(tokens.claims().sub);
  }
  await page.context().close();
});

run.test('id_token alone, for an app that only wants to know who it is', async ({ server, browser }) => {
  const { made, config } = await application(server, {
    name: 'Implicit',
    grantTypes: ['implicit'],
    responseTypes: ['id_token'],
    extensions: [oidc.useIdTokenResponseType],
  });
  const page = await tab(browser);
  const [state, nonce] = [oidc.randomState(), oidc.randomNonce()];
  const url = oidc.buildAuthorizationUrl(config, { redirect_uri: redirectUri, scope: 'openid email', state, nonce });
  const callback = await authorize(page, url, redirectUri, { user: users.alice });
  const claims = await oidc.implicitAuthentication(config, callback.url, nonce, { expectedState: state });
  assert.equal(claims.aud, made.id);
  assert.match(claims.email, /^alice@/);
  await page.context().close();
});

run.test('an ID token and a UserInfo answer that only the client can read', async ({ server, browser }) => {
  const key = await keyPair('RSA-OAEP-256', 'encryption', 'enc');
  const { made, config } = await application(server, {
    name: 'Encrypted',
    jwks: { keys: [key.jwk] },
    metadata: { userinfo_signed_response_alg: 'RS256' },
    flags: {
      'id-token-encryption-alg': 'RSA-OAEP-256',
      'id-token-encryption-enc': 'A256GCM',
      'userinfo-signed-response-alg': 'RS256',
      'userinfo-encryption-alg': 'RSA-OAEP-256',
      'userinfo-encryption-enc': 'A256GCM',
    },
  });
  oidc.enableDecryptingResponses(config, ['A256GCM'], { key: key.privateKey, alg: key.alg, kid: key.kid });
  const { tokens, page } = await signInWith({ browser, config, redirectUri, user: users.alice });
  assert.equal(tokens.id_token.split('.').length, 5, 'a JWE in its compact form');
  assert.equal(tokens.claims().aud, made.id);
  const info = await oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
  assert.equal(info.preferred_username, 'alice');

  // The same by hand: decrypted with the client's key, then verified with the server's.
  const jwks = jose.createRemoteJWKSet(new URL(server.metadata.jwks_uri));
  const raw = await fetch(server.metadata.userinfo_endpoint, { headers: { authorization: `Bearer ${tokens.access_token}` } });
  assert.match(raw.headers.get('content-type'), /^application\/jwt/);
  for (const [jwe, expected] of [
    [tokens.id_token, tokens.claims().sub],
    [await raw.text(), info.sub],
  ]) {
    const { plaintext, protectedHeader } = await jose.compactDecrypt(jwe, key.privateKey);
    assert.deepEqual([protectedHeader.alg, protectedHeader.enc, protectedHeader.cty], ['RSA-OAEP-256', 'A256GCM', 'JWT']);
    const { payload } = await jose.jwtVerify(new TextDecoder().decode(plaintext), jwks, { issuer: server.issuer, audience: made.id });
    assert.equal(payload.sub, expected);
  }
  await page.context().close();
});

run.test('a client proves who it is with its key (private_key_jwt)', async ({ server, browser }) => {
  const key = await keyPair('ES256', 'login', 'sig');
  const { config } = await application(server, {
    name: 'Key of its own',
    authMethod: 'private_key_jwt',
    jwks: { keys: [key.jwk] },
    auth: oidc.PrivateKeyJwt({ key: key.privateKey, kid: key.kid }),
  });
  const { tokens, page } = await signInWith({ browser, config, redirectUri, user: users.bob });
  assert.ok(tokens.claims().sub);
  assert.equal((await oidc.tokenIntrospection(config, tokens.access_token)).active, true);
  await page.context().close();
});
