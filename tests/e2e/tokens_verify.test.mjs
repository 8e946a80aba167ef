// A resource server's view: jose verifies ID and access tokens with nothing but the published keys.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import * as jose from 'jose';
import * as oidc from 'openid-client';
import { clients, opaque, users } from './support/contract.mjs';
import { discover, offline, signInWith } from './support/relying_party.mjs';
import { suite } from './support/suite.mjs';

const { web, spa } = clients;
const run = suite();

const keySet = (server) => jose.createRemoteJWKSet(new URL(server.metadata.jwks_uri));

run.test('the key set holds public keys only, each with its own kid', async ({ server }) => {
  const answer = await fetch(server.metadata.jwks_uri);
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get('cache-control') ?? '', /max-age=\d+/);
  const { keys } = await answer.json();
  assert.ok(keys.length > 0);
  assert.equal(new Set(keys.map((key) => key.kid)).size, keys.length);
  assert.ok(keys.some((key) => key.alg === 'RS256' && Buffer.from(key.n, 'base64url').length >= 256));
  for (const key of keys) {
    assert.ok(key.kid && key.alg);
    assert.equal(key.use, 'sig');
    for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k', 'oth']) assert.equal(key[secret], undefined, `${key.kid} has ${secret}`);
  }
});

run.test('an ID token verifies by the key set and says who, for whom and when', async ({ server, browser }) => {
  const config = await discover(server, web.id, oidc.ClientSecretBasic(web.secret));
  const { tokens, nonce, page } = await signInWith({ browser, config, redirectUri: web.redirectUri, user: users.alice });
  const { payload, protectedHeader } = await jose.jwtVerify(tokens.id_token, keySet(server), { issuer: server.issuer, audience: web.id });
  assert.equal(protectedHeader.alg, 'RS256');
  assert.ok(protectedHeader.kid);
  assert.equal(payload.nonce, nonce);
  assert.equal(typeof payload.auth_time, 'number');
  assert.ok(Math.abs(payload.iat - Date.now() / 1000) < 30);
  if (payload.at_hash !== undefined) {
    assert.equal(payload.at_hash, createHash('sha256').update(tokens.access_token).digest().subarray(0, 16).toString('base64url'));
  }
  await page.context().close();
});

for (const [name, client, auth] of [['web', web, oidc.ClientSecretBasic(web.secret)], ['spa', spa, oidc.None()]]) {
  run.test(`the access token of demo-${name} is an at+jwt of RFC 9068`, async ({ server, browser }) => {
    const config = await discover(server, client.id, auth);
    const { tokens, page } = await signInWith({ browser, config, redirectUri: client.redirectUri, user: users.alice });
    const { payload, protectedHeader } = await jose.jwtVerify(tokens.access_token, keySet(server), { issuer: server.issuer, typ: 'at+jwt' });
    assert.ok(protectedHeader.kid);
    assert.equal(payload.client_id, client.id);
    assert.equal(payload.sub, tokens.claims().sub);
    for (const claim of ['aud', 'exp', 'iat', 'jti']) assert.ok(payload[claim], claim);
    assert.ok(payload.scope.split(' ').includes('openid'));
    assert.equal(payload.nonce, undefined);
    // An access token is never taken for an ID token.
    await assert.rejects(jose.jwtVerify(tokens.access_token, keySet(server), { issuer: server.issuer, audience: client.id, typ: 'JWT' }));
    await page.context().close();
  });
}

run.test('the ID token of a refresh has the same subject and sign-in time, and a later iat', async ({ server, browser }) => {
  const config = await discover(server, spa.id, oidc.None());
  const { tokens, page } = await signInWith({ browser, config, redirectUri: spa.redirectUri, user: users.alice, ...offline });
  assert.match(tokens.refresh_token, opaque('rt'));
  await new Promise((resolve) => setTimeout(resolve, 1100));
  const fresh = await oidc.refreshTokenGrant(config, tokens.refresh_token);
  assert.ok(fresh.id_token, 'an ID token comes with the refresh');
  const [before, after] = [jose.decodeJwt(tokens.id_token), (await jose.jwtVerify(fresh.id_token, keySet(server), { issuer: server.issuer, audience: spa.id })).payload];
  for (const claim of ['iss', 'sub', 'auth_time', 'sid']) assert.equal(after[claim], before[claim], claim);
  assert.deepEqual(after.aud, before.aud);
  assert.ok(after.iat > before.iat);
  assert.ok(after.nonce === undefined || after.nonce === before.nonce);
  await page.context().close();
});

run.test('a token with a changed signature opens nothing', async ({ server, browser }) => {
  const config = await discover(server, web.id, oidc.ClientSecretBasic(web.secret));
  const { tokens, page } = await signInWith({ browser, config, redirectUri: web.redirectUri, user: users.alice });
  const token = tokens.access_token;
  // A character in the middle, whose every bit counts.
  const at = token.length - 20;
  const forged = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
  assert.equal((await oidc.tokenIntrospection(config, forged)).active, false);
  const answer = await fetch(server.metadata.userinfo_endpoint, { headers: { authorization: `Bearer ${forged}` } });
  assert.equal(answer.status, 401);
  await page.context().close();
});
