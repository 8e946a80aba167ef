// oauth4webapi checks every answer against the specifications: metadata, iss, state, nonce, auth_time, ID token, headers.
import assert from 'node:assert/strict';
import * as oauth from 'oauth4webapi';
import { authorize, tab } from './support/browser.mjs';
import { clients, opaque, users } from './support/contract.mjs';
import { codeFlow, metadata, options } from './support/strict_client.mjs';
import { suite } from './support/suite.mjs';

const { web, spa, m2m } = clients;
const run = suite();
const demoWeb = { client: { client_id: web.id }, auth: oauth.ClientSecretBasic(web.secret), redirectUri: web.redirectUri };
const demoSpa = { client: { client_id: spa.id }, auth: oauth.None(), redirectUri: spa.redirectUri };

run.test('both metadata documents pass and agree', async ({ server }) => {
  const oidc = await metadata(server);
  const oauth2 = await metadata(server, 'oauth2');
  for (const name of ['issuer', 'authorization_endpoint', 'token_endpoint', 'jwks_uri', 'revocation_endpoint', 'introspection_endpoint']) {
    assert.ok(oidc[name], name);
    assert.equal(oidc[name], oauth2[name], name);
  }
  assert.equal(oidc.authorization_response_iss_parameter_supported, true);
  assert.ok(oidc.id_token_signing_alg_values_supported.includes('RS256'));
  assert.deepEqual(oidc.code_challenge_methods_supported, ['S256']);
  for (const name of ['request_parameter_supported', 'request_uri_parameter_supported']) assert.equal(typeof oidc[name], 'boolean', name);
  for (const [name, value] of Object.entries(oidc)) {
    assert.ok(value !== null && value !== '' && !(Array.isArray(value) && value.length === 0), `${name} is empty`);
  }
});

for (const javaScript of [true, false]) {
  const scripts = javaScript ? 'with scripts' : 'without scripts';

  run.test(`a confidential client passes every check of the code flow, ${scripts}`, async (shared) => {
    const { as, callback, result, claims, headers, page } = await codeFlow(shared, { ...demoWeb, user: users.alice, javaScript });
    assert.equal(callback.url.searchParams.get('iss'), as.issuer);
    assert.deepEqual([...callback.url.searchParams.keys()].sort(), ['code', 'iss', 'session_state', 'state']);
    assert.match(callback.url.searchParams.get('code'), opaque('ac'));
    assert.equal(result.token_type, 'bearer'); // oauth4webapi lowers it
    assert.ok(result.expires_in > 0);
    assert.ok(claims.sub.length > 0 && claims.sub.length <= 255);
    assert.match(headers.get('cache-control') ?? '', /no-store/);
    assert.ok(headers.get('x-trace-id'));
    await page.context().close();
  });

  run.test(`a public client passes every check of the code flow, ${scripts}`, async (shared) => {
    const { claims, page } = await codeFlow(shared, { ...demoSpa, user: users.bob, javaScript });
    assert.deepEqual([claims.aud].flat(), [spa.id]);
    await page.context().close();
  });
}

run.test('max_age puts auth_time into the ID token and is honoured', async (shared) => {
  const first = await codeFlow(shared, { ...demoWeb, user: users.alice, extra: { max_age: '15000' } });
  assert.equal(typeof first.claims.auth_time, 'number');
  const second = await codeFlow(shared, { ...demoWeb, page: first.page, extra: { max_age: '10000' } });
  assert.ok(!second.callback.pages.includes('sign-in'), 'no new sign-in within max_age');
  assert.equal(second.claims.auth_time, first.claims.auth_time);
  const third = await codeFlow(shared, { ...demoWeb, page: first.page, user: users.alice, extra: { max_age: '0' } });
  assert.ok(third.callback.pages.includes('sign-in'), 'max_age=0 asks again');
  assert.ok(third.claims.auth_time >= first.claims.auth_time);
  await first.page.context().close();
});

run.test('response_mode=form_post reaches the client by POST, with nothing in the query, with and without scripts', async (shared) => {
  for (const javaScript of [true, false]) {
    const page = await tab(shared.browser, { javaScript });
    const { callback } = await codeFlow(shared, { ...demoWeb, user: users.alice, page, extra: { response_mode: 'form_post' } });
    assert.equal(callback.method, 'POST');
    assert.match(callback.contentType, /^application\/x-www-form-urlencoded/);
    assert.equal(callback.url.search, '');
    assert.equal(callback.body.get('iss'), shared.server.issuer);
    await page.context().close();
  }
});

run.test('a state of 128 characters comes back byte for byte, and unknown parameters are ignored', async (shared) => {
  const as = await metadata(shared.server);
  const page = await tab(shared.browser);
  const state = '-._~aZ09'.repeat(16);
  const url = new URL(as.authorization_endpoint);
  url.search = new URLSearchParams({ client_id: web.id, redirect_uri: web.redirectUri, response_type: 'code', scope: 'openid', state, extra: 'foobar', prompt: 'none', code_challenge: await oauth.calculatePKCECodeChallenge(oauth.generateRandomCodeVerifier()), code_challenge_method: 'S256' });
  const callback = await authorize(page, url, web.redirectUri);
  assert.equal(callback.url.searchParams.get('state'), state);
  // oauth4webapi checks iss and state of a refusal too.
  assert.throws(() => oauth.validateAuthResponse(as, demoWeb.client, callback.url, state), (thrown) => thrown.error === 'login_required');
  await page.context().close();
});

for (const accessTokenFormat of ['jwt', 'opaque']) {
  run.test(`client_credentials gives an access token (${accessTokenFormat}) without ID or refresh token`, async ({ server }) => {
    const as = await metadata(server);
    const made = accessTokenFormat === 'jwt' ? m2m : await server.createClient({ kind: 'machine', name: 'Opaque', scopes: [m2m.scope], accessTokenFormat });
    const client = { client_id: made.id };
    for (const auth of [oauth.ClientSecretBasic(made.secret), oauth.ClientSecretPost(made.secret)]) {
      const response = await oauth.clientCredentialsGrantRequest(as, client, auth, new URLSearchParams({ scope: m2m.scope }), options);
      const result = await oauth.processClientCredentialsResponse(as, client, response);
      assert.equal(result.id_token, undefined);
      assert.equal(result.refresh_token, undefined);
      assert.equal(result.scope ?? m2m.scope, m2m.scope);
      if (accessTokenFormat === 'opaque') assert.match(result.access_token, opaque('at'));
      else assert.equal(JSON.parse(Buffer.from(result.access_token.split('.')[0], 'base64url')).typ, 'at+jwt');
      const introspection = await oauth.introspectionRequest(as, client, auth, result.access_token, options);
      const found = await oauth.processIntrospectionResponse(as, client, introspection);
      assert.equal(found.active, true);
      assert.equal(found.client_id, made.id);
      assert.equal(found.scope, m2m.scope);
    }
  });
}

run.test('client_credentials refuses what the client may not have', async ({ server }) => {
  const as = await metadata(server);
  const refusals = [
    [{ client_id: m2m.id }, oauth.ClientSecretBasic(m2m.secret), { scope: 'openid' }, 'invalid_scope'],
    [{ client_id: m2m.id }, oauth.ClientSecretBasic(m2m.secret), { scope: 'demo.write' }, 'invalid_scope'],
    [{ client_id: web.id }, oauth.ClientSecretBasic(web.secret), {}, 'unauthorized_client'],
    [{ client_id: m2m.id }, oauth.ClientSecretPost('wrong'), {}, 'invalid_client'],
    [{ client_id: 'nobody' }, oauth.ClientSecretPost('wrong'), {}, 'invalid_client'],
  ];
  for (const [client, auth, parameters, expected] of refusals) {
    const response = await oauth.clientCredentialsGrantRequest(as, client, auth, new URLSearchParams(parameters), options);
    const body = await response.clone().json();
    assert.equal(body.error, expected, JSON.stringify(body));
    assert.equal(response.status, expected === 'invalid_client' ? 401 : 400);
    assert.match(body.error_uri, new RegExp(`^${server.issuer}/docs/errors/AS-\\d{4}$`));
    assert.match(body.error_description, /^[\x20\x21\x23-\x5B\x5D-\x7E]+$/);
    assert.ok(response.headers.get('x-trace-id'));
    assert.match(response.headers.get('cache-control'), /no-store/);
  }
});

run.test('userinfo answers the header and the form, and nothing else', async (shared) => {
  const { as, result, claims, page } = await codeFlow(shared, { ...demoWeb, user: users.alice, scope: 'openid email' });
  const client = demoWeb.client;
  const header = await oauth.userInfoRequest(as, client, result.access_token, options);
  const info = await oauth.processUserInfoResponse(as, client, claims.sub, header);
  assert.match(info.email, /^alice@/);
  assert.equal(typeof info.email_verified, 'boolean');
  assert.equal(info.name, undefined, 'the scope profile was not granted');
  const form = await fetch(as.userinfo_endpoint, { method: 'POST', body: new URLSearchParams({ access_token: result.access_token }) });
  assert.equal((await form.json()).sub, claims.sub);
  for (const bearer of [undefined, 'Bearer nonsense', `Bearer ${result.access_token}x`]) {
    const answer = await fetch(as.userinfo_endpoint, { headers: bearer ? { authorization: bearer } : {} });
    assert.equal(answer.status, 401);
    assert.match(answer.headers.get('www-authenticate'), /^Bearer/);
  }
  const query = await fetch(`${as.userinfo_endpoint}?access_token=${encodeURIComponent(result.access_token)}`);
  assert.ok([400, 401].includes(query.status), 'a token in the query is never accepted');
  await page.context().close();
});

run.test('duplicate parameters are refused by the token endpoint', async ({ server }) => {
  const as = await metadata(server);
  const answer = await fetch(as.token_endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', authorization: `Basic ${btoa(`${m2m.id}:${m2m.secret}`)}` },
    body: `grant_type=client_credentials&scope=${m2m.scope}&scope=${m2m.scope}`,
  });
  assert.equal(answer.status, 400);
  assert.equal((await answer.json()).error, 'invalid_request');
});
