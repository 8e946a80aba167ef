// oauth4webapi at the token endpoint and behind it: proof of possession with this server's nonces (RFC 9449), access
// tokens that an API verifies by itself (RFC 9068), signed introspection (RFC 9701), devices, and the back channel.
import assert from 'node:assert/strict';
import * as jose from 'jose';
import * as oauth from 'oauth4webapi';
import { answerRequest, authorize, press, signIn, signInAtRequests, tab } from './support/browser.mjs';
import { page as ids, users } from './support/contract.mjs';
import { keyPair } from './support/keys.mjs';
import { refused } from './support/relying_party.mjs';
import { startDev } from './support/server.mjs';
import { application, codeFlow, decryptingWith, options, redeem, request } from './support/strict_client.mjs';
import { suite } from './support/suite.mjs';

// Proofs need a nonce of the server.
const run = suite({ start: () => startDev({ env: { SYMBOLON_TOKENS__REQUIRE_DPOP_NONCE: 'true' } }) });
const api = 'https://notes.example/v1';

// A 401 whose challenge has this error.
const challenged = (scheme, error) => (thrown) => {
  assert.ok(thrown instanceof oauth.WWWAuthenticateChallengeError, String(thrown));
  assert.equal(thrown.status, 401);
  const challenge = thrown.cause.find((one) => one.scheme === scheme);
  assert.equal(challenge?.parameters.error, error, JSON.stringify(thrown.cause));
  return true;
};

// Does it once more where only the nonce was missing, as the library's documentation shows.
async function withNonce(attempt) {
  await assert.rejects(attempt(), (thrown) => oauth.isDPoPNonceError(thrown));
  return attempt();
}

const possessing = { name: 'Proves possession', flags: { 'dpop-bound': 'true', audience: api } };

// Asks an API that knows only the server's metadata; answers what it found in the token.
async function askApi(as, accessToken, { audience = api, ...more } = {}, change = (headers) => headers) {
  let found;
  const resourceServer = async (url, { method, headers }) => {
    const asked = new Request(url, { method, headers: change(new Headers(headers)) });
    found = await oauth.validateJwtAccessToken(as, asked, audience, options);
    return new Response();
  };
  await oauth.protectedResourceRequest(accessToken, 'GET', new URL(`${api}/notes`), undefined, undefined, { ...more, [oauth.customFetch]: resourceServer });
  return found;
}

run.test('a proof needs the nonce of the server, and asking for it uses up neither code nor refresh token', async ({ server, browser }) => {
  const party = await application(server, { ...possessing, flags: { 'dpop-bound': 'true' } });
  const { as, client, auth, redirectUri } = party;
  const keys = await oauth.generateKeyPair('ES256');
  const fresh = () => oauth.DPoP(client, keys); // one that has heard of no nonce
  const jkt = await fresh().calculateThumbprint();
  const page = await tab(browser);
  const asked = await request(party, { scope: 'openid profile offline_access', prompt: 'consent' });
  const callback = await authorize(page, asked.url, redirectUri, { user: users.alice });
  const answer = oauth.validateAuthResponse(as, client, callback.url, asked.state);
  let DPoP = fresh();
  const { result, claims } = await withNonce(() => redeem(party, asked, answer, { DPoP }));
  assert.equal(result.token_type, 'dpop');

  DPoP = fresh();
  const renew = () => oauth.refreshTokenGrantRequest(as, client, auth, result.refresh_token, { ...options, DPoP }).then((response) => oauth.processRefreshTokenResponse(as, client, response));
  const renewed = await withNonce(renew);
  assert.equal(jose.decodeJwt(renewed.access_token).cnf.jkt, jkt);

  DPoP = fresh();
  const userInfo = (more) => oauth.userInfoRequest(as, client, renewed.access_token, { ...options, ...more }).then((response) => oauth.processUserInfoResponse(as, client, claims.sub, response));
  await assert.rejects(userInfo({ DPoP }), challenged('dpop', 'use_dpop_nonce'));
  assert.equal((await userInfo({ DPoP })).preferred_username, 'alice');

  // A proof is good for one request. What was sent is kept, and sent again.
  let sent;
  const keeping = (url, init) => {
    sent = [url, init];
    return fetch(url, init);
  };
  assert.equal((await userInfo({ DPoP, [oauth.customFetch]: keeping })).sub, claims.sub);
  await assert.rejects(userInfo({ [oauth.customFetch]: () => fetch(...sent) }), challenged('dpop', 'invalid_dpop_proof'));
  // Nor for another method, though UserInfo takes both.
  const posted = await oauth.protectedResourceRequest(renewed.access_token, 'POST', new URL(as.userinfo_endpoint), undefined, undefined, { ...options, DPoP });
  assert.equal((await posted.json()).sub, claims.sub);
  const turned = (url, init) => fetch(url, { ...init, method: 'POST' });
  await assert.rejects(userInfo({ DPoP, [oauth.customFetch]: turned }), challenged('dpop', 'invalid_dpop_proof'));
  // A nonce that another server might have given is none.
  const foreign = oauth.DPoP(client, keys, { [oauth.modifyAssertion]: (_, payload) => (payload.nonce = 'not-of-this-server') });
  await assert.rejects(userInfo({ DPoP: foreign }), challenged('dpop', 'use_dpop_nonce'));

  // Another key, or none, opens nothing.
  const thief = oauth.DPoP(client, await oauth.generateKeyPair('ES256'));
  await assert.rejects(userInfo({ DPoP: thief }), challenged('dpop', 'use_dpop_nonce'));
  await assert.rejects(userInfo({ DPoP: thief }), challenged('dpop', 'invalid_token'));
  await assert.rejects(userInfo(), (thrown) => thrown instanceof oauth.WWWAuthenticateChallengeError && thrown.status === 401);
  await page.context().close();
});

run.test('an API verifies an access token by itself, with and without proof of possession', async (shared) => {
  const plain = await application(shared.server, { name: 'Bearer', flags: { audience: api } });
  const { as, result, claims, page } = await codeFlow(shared, { ...plain, user: users.alice, scope: 'openid profile' });
  const found = await askApi(as, result.access_token);
  assert.deepEqual([found.client_id, found.sub, found.scope], [plain.client.client_id, claims.sub, 'openid profile']);
  await assert.rejects(askApi(as, result.access_token, { audience: 'https://other.example/v1' }), /"aud"/);
  await assert.rejects(askApi(as, result.id_token), /"typ"/);
  const [head, body, signature] = result.access_token.split('.');
  const raised = Buffer.from(JSON.stringify({ ...jose.decodeJwt(result.access_token), scope: 'openid profile admin' })).toString('base64url');
  await assert.rejects(askApi(as, [head, raised, signature].join('.')), /signature/);
  assert.notEqual(body, raised);

  const bound = await application(shared.server, possessing);
  const DPoP = oauth.DPoP(bound.client, await oauth.generateKeyPair('ES256'));
  const asked = await request(bound);
  const callback = await authorize(page, asked.url, bound.redirectUri, { user: users.alice });
  const answer = oauth.validateAuthResponse(as, bound.client, callback.url, asked.state);
  const { access_token } = (await withNonce(() => redeem(bound, asked, answer, { DPoP }))).result;
  assert.equal((await askApi(as, access_token, { DPoP })).cnf.jkt, await DPoP.calculateThumbprint());
  await assert.rejects(askApi(as, access_token), /no DPoP HTTP Header/);
  const thief = oauth.DPoP(bound.client, await oauth.generateKeyPair('ES256'));
  await assert.rejects(askApi(as, access_token, { DPoP: thief }), /confirmation mismatch/);
  const asBearer = (headers) => {
    headers.set('authorization', `Bearer ${access_token}`);
    return headers;
  };
  await assert.rejects(askApi(as, access_token, { DPoP }, asBearer), /scheme is not DPoP/);
  await page.context().close();
});

run.test('introspection is answered as a JWT that is signed, and encrypted where the client wants it, for who asks', async ({ server }) => {
  const key = await keyPair('RSA-OAEP-256', 'encryption', 'enc');
  const kept = { kind: 'machine', redirectUris: [], scopes: ['demo.read'], known: { introspection_signed_response_alg: 'ES256' } };
  const flags = { 'introspection-signed-response-alg': 'ES256' };
  const signed = await application(server, { ...kept, name: 'Signed introspection', flags });
  const sealed = await application(server, {
    ...kept,
    name: 'Sealed introspection',
    jwks: { keys: [key.jwk] },
    flags: { ...flags, 'introspection-encryption-alg': 'RSA-OAEP-256', 'introspection-encryption-enc': 'A256GCM' },
  });
  for (const { as, client, auth } of [signed, sealed]) {
    const opening = client === sealed.client ? decryptingWith(key, 'A256GCM') : undefined;
    const granted = await oauth.clientCredentialsGrantRequest(as, client, auth, { scope: 'demo.read' }, options);
    const { access_token } = await oauth.processClientCredentialsResponse(as, client, granted);
    const introspect = (token) => oauth.introspectionRequest(as, client, auth, token, options);
    const response = await introspect(access_token);
    assert.equal(response.headers.get('content-type'), 'application/token-introspection+jwt');
    const found = await oauth.processIntrospectionResponse(as, client, response, opening);
    assert.deepEqual([found.active, found.client_id, found.scope], [true, client.client_id, 'demo.read']);
    await oauth.validateApplicationLevelSignature(as, response, options);

    const unknown = await introspect('nonsense');
    assert.deepEqual(await oauth.processIntrospectionResponse(as, client, unknown, opening), { active: false });
    await oauth.validateApplicationLevelSignature(as, unknown, options);
    // Not what the other client would take.
    const misled = { ...client, client_id: 'demo-web' };
    await assert.rejects(oauth.processIntrospectionResponse(as, misled, await introspect(access_token), opening), { code: oauth.JWT_CLAIM_COMPARISON });
    if (opening) await assert.rejects(oauth.processIntrospectionResponse(as, client, await introspect(access_token)), { code: oauth.UNSUPPORTED_OPERATION });
    const weaker = { ...client, introspection_signed_response_alg: 'RS256' };
    await assert.rejects(oauth.processIntrospectionResponse(as, weaker, await introspect(access_token), opening), /unexpected JWT "alg"/);
  }
});

run.test('a device asks as often as it may, and its code is redeemed once by it alone', async ({ server, browser }) => {
  const wanted = { kind: 'native', redirectUris: [], grantTypes: ['device_code'], auth: oauth.None() };
  const device = await application(server, { ...wanted, name: 'Television' });
  const { as, client, auth } = device;
  const begin = async () => oauth.processDeviceAuthorizationResponse(as, client, await oauth.deviceAuthorizationRequest(as, client, auth, { scope: 'openid' }, options));
  const redeemBy = async (party, { device_code }) => {
    const response = await oauth.deviceCodeGrantRequest(as, party.client, party.auth, device_code, options);
    const result = await oauth.processDeviceCodeResponse(as, party.client, response);
    await oauth.validateApplicationLevelSignature(as, response, options);
    return result;
  };
  const early = await begin();
  await assert.rejects(redeemBy(device, early), refused('authorization_pending'));
  await assert.rejects(redeemBy(device, early), refused('slow_down'));

  const started = await begin();
  const page = await tab(browser);
  await page.goto(started.verification_uri_complete);
  await press(page, ids.device.submit);
  await signIn(page, users.alice);
  await page.locator(ids.approve.startedHere).check();
  await press(page, ids.approve.allow);
  const other = await application(server, { ...wanted, name: 'Other television' });
  await assert.rejects(redeemBy(other, started), refused('invalid_grant'));
  const result = await redeemBy(device, started);
  assert.equal(oauth.getValidatedIdTokenClaims(result).aud, client.client_id);
  await assert.rejects(redeemBy(device, started), refused('invalid_grant'));
  await page.context().close();
});

run.test('over the back channel signed requests are answered once, to who asked', async ({ server, browser }) => {
  const [known, unknown] = await Promise.all([keyPair('ES256', 'till', 'sig'), keyPair('ES256', 'till', 'sig')]);
  const wanted = {
    grantTypes: ['authorization_code', 'ciba'],
    authMethod: 'private_key_jwt',
    jwks: { keys: [known.jwk] },
    auth: oauth.PrivateKeyJwt({ key: known.privateKey, kid: known.kid }),
  };
  const till = await application(server, { ...wanted, name: 'Till', flags: { 'backchannel-authentication-request-signing-alg': 'ES256' } });
  const { as, client, auth } = till;
  const parameters = { scope: 'openid', login_hint: users.bob.username, binding_message: 'Table 12' };
  const sign = (key, more = {}) => oauth.issueRequestObject(as, client, { ...parameters, ...more }, { key: key.privateKey, kid: key.kid });
  const ask = async (sent) => oauth.processBackchannelAuthenticationResponse(as, client, await oauth.backchannelAuthenticationRequest(as, client, auth, sent, options));
  const redeemBy = async (party, { auth_req_id }) => {
    const response = await oauth.backchannelAuthenticationGrantRequest(as, party.client, party.auth, auth_req_id, options);
    const result = await oauth.processBackchannelAuthenticationGrantResponse(as, party.client, response);
    await oauth.validateApplicationLevelSignature(as, response, options);
    return result;
  };
  const early = await ask({ request: await sign(known, { binding_message: 'Too soon' }) });
  await assert.rejects(redeemBy(till, early), refused('authorization_pending'));
  await assert.rejects(redeemBy(till, early), refused('slow_down'));

  const signed = await sign(known);
  const asked = await ask({ request: signed });
  for (const bad of [{ request: signed }, { request: await sign(unknown) }, parameters]) await assert.rejects(ask(bad), refused('invalid_request'));
  const page = await tab(browser);
  await signInAtRequests(page, server, users.bob);
  assert.equal(await page.locator(ids.requests.summary).getAttribute('data-count'), '2');
  assert.equal(await answerRequest(page, server), 'Table 12');
  const other = await application(server, { ...wanted, name: 'Other till' });
  await assert.rejects(redeemBy(other, asked), refused('invalid_grant'));
  const result = await redeemBy(till, asked);
  assert.equal(oauth.getValidatedIdTokenClaims(result).aud, client.client_id);
  await assert.rejects(redeemBy(till, asked), refused('invalid_grant'));
  await page.context().close();
});
