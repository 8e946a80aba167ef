// oauth4webapi with what goes beyond the plain code flow through the browser: pushed requests, signed and encrypted
// answers, hybrid answers, encrypted tokens. What is not meant for the client, or not as it was sent, is refused.
import assert from 'node:assert/strict';
import * as jose from 'jose';
import * as oauth from 'oauth4webapi';
import { authorize, tab } from './support/browser.mjs';
import { users } from './support/contract.mjs';
import { keyPair } from './support/keys.mjs';
import { refused } from './support/relying_party.mjs';
import { application, codeFlow, decryptingWith, options, redeem, request } from './support/strict_client.mjs';
import { suite } from './support/suite.mjs';

const run = suite();

// With another signature over the same words.
const forged = (jwt) => {
  const [header, payload, signature] = jwt.split('.');
  return [header, payload, (signature[0] === 'A' ? 'B' : 'A') + signature.slice(1)].join('.');
};

run.test('a client with a key pushes its request, which is answered once', async ({ server, browser }) => {
  const [known, unknown] = await Promise.all([keyPair('ES256', 'login', 'sig'), keyPair('ES256', 'login', 'sig')]);
  const party = await application(server, {
    name: 'Pushes with a key',
    auth: oauth.PrivateKeyJwt({ key: known.privateKey, kid: known.kid }),
    authMethod: 'private_key_jwt',
    jwks: { keys: [known.jwk] },
    flags: { 'require-par': 'true' },
  });
  const { as, client, redirectUri } = party;
  const push = async (parameters, auth = party.auth) =>
    oauth.processPushedAuthorizationResponse(as, client, await oauth.pushedAuthorizationRequest(as, client, auth, parameters, options));
  const asked = await request(party);
  const pushed = await push(asked.parameters);
  assert.ok(pushed.expires_in > 0);
  const url = new URL(as.authorization_endpoint);
  url.search = new URLSearchParams({ client_id: client.client_id, request_uri: pushed.request_uri });
  const page = await tab(browser);
  const callback = await authorize(page, url, redirectUri, { user: users.alice });
  const answer = oauth.validateAuthResponse(as, client, callback.url, asked.state);
  const { claims } = await redeem(party, asked, answer);
  assert.equal(claims.aud, client.client_id);

  await assert.rejects(authorize(page, url, redirectUri), /AS-1043/);
  // The code is gone as well.
  await assert.rejects(redeem(party, asked, answer), refused('invalid_grant'));
  // What is wrong is said at once.
  const elsewhere = await request({ ...party, redirectUri: 'https://elsewhere.example/callback' });
  await assert.rejects(push(elsewhere.parameters), refused('invalid_request'));
  const wrong = oauth.PrivateKeyJwt({ key: unknown.privateKey, kid: unknown.kid });
  const stranger = await oauth.pushedAuthorizationRequest(as, client, wrong, (await request(party)).parameters, options);
  assert.equal(stranger.status, 401);
  assert.equal((await stranger.clone().json()).error, 'invalid_client');
  await assert.rejects(oauth.processPushedAuthorizationResponse(as, client, stranger), oauth.WWWAuthenticateChallengeError);
  await page.context().close();
});

for (const alg of ['RS256', 'ES256']) {
  run.test(`the answer is a JWT (JARM, ${alg}) for this client and this request alone`, async ({ server, browser }) => {
    const party = await application(server, {
      name: `Signed answers by ${alg}`,
      known: { authorization_signed_response_alg: alg },
      flags: { 'authorization-response-alg': alg },
    });
    const { as, client, redirectUri } = party;
    const page = await tab(browser);
    const asked = await request(party, { response_mode: 'jwt' });
    const callback = await authorize(page, asked.url, redirectUri, { user: users.alice });
    const validate = (parameters, state = asked.state, by = client) => oauth.validateJwtAuthResponse(as, by, parameters, state, options);
    const response = callback.url.searchParams.get('response');
    assert.equal(jose.decodeProtectedHeader(response).alg, alg);

    await assert.rejects(validate(callback.url, oauth.generateRandomState()), /"state"/);
    await assert.rejects(validate(callback.url, asked.state, { ...client, client_id: 'demo-web' }), { code: oauth.JWT_CLAIM_COMPARISON });
    await assert.rejects(validate(new URLSearchParams({ response: forged(response) })), /signature/);
    await assert.rejects(validate(callback.url, asked.state, { ...client, authorization_signed_response_alg: 'PS256' }), /unexpected JWT "alg"/);
    assert.throws(() => oauth.validateAuthResponse(as, client, callback.url, asked.state), /JARM/);
    assert.ok((await redeem(party, asked, await validate(callback.url))).claims.sub);

    // A refusal is as hard to forge.
    const silent = await request(party, { response_mode: 'jwt', prompt: 'none', max_age: '0' });
    const refusal = await authorize(page, silent.url, redirectUri);
    await assert.rejects(validate(refusal.url, asked.state), /"state"/);
    await assert.rejects(validate(refusal.url, silent.state), refused('login_required'));
    await page.context().close();
  });
}

run.test('a signed answer, an ID token and UserInfo that only the key of the client opens', async ({ server, browser }) => {
  const [key, other] = await Promise.all([keyPair('ECDH-ES', 'encryption', 'enc'), keyPair('ECDH-ES', 'encryption', 'enc')]);
  const party = await application(server, {
    name: 'Encrypted answers',
    jwks: { keys: [key.jwk] },
    known: { userinfo_signed_response_alg: 'ES256' },
    flags: {
      'authorization-encryption-alg': 'ECDH-ES',
      'authorization-encryption-enc': 'A256GCM',
      'id-token-encryption-alg': 'ECDH-ES',
      'userinfo-signed-response-alg': 'ES256',
      'userinfo-encryption-alg': 'ECDH-ES',
    },
  });
  const { as, client, redirectUri } = party;
  const page = await tab(browser);
  const answered = async () => {
    const asked = await request(party, { response_mode: 'jwt', scope: 'openid email' });
    const callback = await authorize(page, asked.url, redirectUri, { user: users.alice });
    const validate = (more) => oauth.validateJwtAuthResponse(as, client, callback.url, asked.state, { ...options, ...more });
    await assert.rejects(validate(), { code: oauth.UNSUPPORTED_OPERATION });
    await assert.rejects(validate(decryptingWith(other, 'A256GCM')), { code: 'ERR_JWE_DECRYPTION_FAILED' });
    return { asked, answer: await validate(decryptingWith(key, 'A256GCM')) };
  };
  const { asked, answer } = await answered();
  const { result, claims } = await redeem(party, asked, answer, decryptingWith(key, 'A128CBC-HS256'));
  assert.equal(result.id_token.split('.').length, 5);
  const info = (more) => oauth.userInfoRequest(as, client, result.access_token, options).then((response) => oauth.processUserInfoResponse(as, client, claims.sub, response, more));
  assert.match((await info(decryptingWith(key, 'A128CBC-HS256'))).email, /^alice@/);
  await assert.rejects(info(decryptingWith(other, 'A128CBC-HS256')), { code: 'ERR_JWE_DECRYPTION_FAILED' });
  // Whoever has the answer but not the key of the client reads no ID token.
  const second = await answered();
  await assert.rejects(redeem(party, second.asked, second.answer, decryptingWith(other, 'A128CBC-HS256')), { code: 'ERR_JWE_DECRYPTION_FAILED' });
  await page.context().close();
});

for (const mode of ['fragment', 'form_post']) {
  run.test(`code id_token: the ID token vouches for the code and the state (${mode})`, async ({ server, browser }) => {
    const party = await application(server, {
      name: `Hybrid by ${mode}`,
      grantTypes: ['authorization_code', 'implicit', 'refresh_token'],
      responseTypes: ['code', 'code id_token'],
    });
    const { as, client, redirectUri } = party;
    const page = await tab(browser);
    const hybrid = async (user) => {
      const asked = await request(party, { response_type: 'code id_token', ...(mode === 'form_post' && { response_mode: mode }), max_age: '3600' });
      const callback = await authorize(page, asked.url, redirectUri, { user });
      assert.equal(callback.url.search, '');
      return { asked, parameters: callback.body ?? new URLSearchParams(callback.url.hash.slice(1)) };
    };
    const { asked, parameters } = await hybrid(users.alice);
    for (const validate of [oauth.validateCodeIdTokenResponse, oauth.validateDetachedSignatureResponse]) {
      const check = (given, { nonce, state } = asked) => validate(as, client, given, nonce, state, asked.maxAge, options);
      assert.equal((await check(parameters)).get('code'), parameters.get('code'));
      // Another answer's code or state, another request's nonce or state, another signature.
      const other = await hybrid();
      for (const name of ['code', 'state']) {
        const mixed = new URLSearchParams(parameters);
        mixed.set(name, other.parameters.get(name));
        await assert.rejects(check(mixed, { ...asked, state: mixed.get('state') }), new RegExp(`"${name[0]}_hash"`), name);
      }
      await assert.rejects(check(parameters, { ...asked, nonce: other.asked.nonce }), /"nonce"/);
      await assert.rejects(check(parameters, { ...asked, state: other.asked.state }), /"state"/);
      const resigned = new URLSearchParams(parameters);
      resigned.set('id_token', forged(parameters.get('id_token')));
      await assert.rejects(check(resigned), /signature/);
    }
    const front = jose.decodeJwt(parameters.get('id_token'));
    const answer = await oauth.validateCodeIdTokenResponse(as, client, parameters, asked.nonce, asked.state, asked.maxAge, options);
    const { claims } = await redeem(party, asked, answer);
    for (const name of ['iss', 'sub', 'aud', 'auth_time', 'nonce']) assert.deepEqual(claims[name], front[name], name);
    await page.context().close();
  });
}

run.test('without PKCE a code that was injected into another request is found out by its nonce', async (shared) => {
  const party = await application(shared.server, { name: 'Old client', flags: { 'no-pkce': 'true' } });
  const { as, client, redirectUri } = party;
  const { page } = await codeFlow(shared, { ...party, user: users.alice });
  const [stolen, own] = await Promise.all([request(party), request(party)]);
  for (const asked of [stolen, own]) for (const name of ['code_challenge', 'code_challenge_method']) asked.url.searchParams.delete(name);
  const callback = await authorize(page, stolen.url, redirectUri);
  const injected = new URL(callback.url);
  injected.searchParams.set('state', own.state);
  const answer = oauth.validateAuthResponse(as, client, injected, own.state);
  await assert.rejects(redeem(party, { ...own, verifier: oauth.nopkce }, answer), /"nonce"/);
  await page.context().close();
});
