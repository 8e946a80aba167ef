// The certified openid-client signs in, refreshes, reads, revokes and signs out, in a browser with and without scripts.
import assert from 'node:assert/strict';
import * as oidc from 'openid-client';
import { authorize, catchRedirects, press, tab, visible } from './support/browser.mjs';
import { clients, page as ids, users } from './support/contract.mjs';
import { discover, offline, signInWith } from './support/relying_party.mjs';
import { startDev } from './support/server.mjs';
import { suite } from './support/suite.mjs';

const { web, spa } = clients;
const run = suite();

const methods = { client_secret_basic: oidc.ClientSecretBasic, client_secret_post: oidc.ClientSecretPost };
const refused = (error, status = 400) => (thrown) => {
  assert.equal(thrown.error, error, thrown);
  assert.equal(thrown.status, status);
  return true;
};
// Refused before any redirect could carry it: a callback with `error`.
const answered = (callback, error) => assert.equal(callback.url.searchParams.get('error'), error, callback.url.href);

for (const javaScript of [true, false]) {
  const scripts = javaScript ? 'with scripts' : 'without scripts';
  for (const [name, method] of Object.entries(methods)) {
    run.test(`demo-web signs alice in with ${name}, ${scripts}`, async ({ server, browser }) => {
      const config = await discover(server, web.id, method(web.secret));
      const { tokens, page } = await signInWith({ browser, config, redirectUri: web.redirectUri, user: users.alice, javaScript });
      const claims = tokens.claims();
      assert.equal(claims.iss, server.issuer);
      assert.equal(claims.aud.length === 1 ? claims.aud[0] : claims.aud, web.id);
      const info = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub);
      assert.equal(info.preferred_username, 'alice');
      assert.match(info.email, /^alice@/);
      assert.deepEqual(page.complaints, []);
      await page.context().close();
    });
  }

  run.test(`demo-spa, a public client, signs bob in and refreshes with rotation, ${scripts}`, async ({ server, browser }) => {
    const config = await discover(server, spa.id, oidc.None());
    const { tokens, page } = await signInWith({ browser, config, redirectUri: spa.redirectUri, user: users.bob, javaScript, ...offline });
    assert.ok(tokens.refresh_token, 'a refresh token is issued for offline_access');
    const second = await oidc.refreshTokenGrant(config, tokens.refresh_token);
    assert.ok(second.refresh_token, 'a public client gets a new refresh token');
    assert.notEqual(second.refresh_token, tokens.refresh_token);
    assert.notEqual(second.access_token, tokens.access_token);
    await page.context().close();
  });

  run.test(`sign-out by the client ends the session and returns with the state, ${scripts}`, async ({ server, browser }) => {
    const config = await discover(server, web.id, oidc.ClientSecretBasic(web.secret));
    const { tokens, page } = await signInWith({ browser, config, redirectUri: web.redirectUri, user: users.alice, javaScript });
    const state = `${oidc.randomState()}"<>{}|^%&=#'`;
    const url = oidc.buildEndSessionUrl(config, { id_token_hint: tokens.id_token, post_logout_redirect_uri: web.postLogout, state });
    const client = await catchRedirects(page, web.postLogout);
    await page.goto(url.href);
    if (!client.arrived() && (await visible(page, ids.logoutConfirm))) await press(page, ids.logoutConfirm);
    assert.ok(client.arrived(), `the client was not reached, but ${page.url()}`);
    const back = client.take().url;
    assert.equal(back.origin + back.pathname, web.postLogout);
    assert.deepEqual([...back.searchParams], [['state', state]]);
    await client.close();

    const silent = oidc.buildAuthorizationUrl(config, { redirect_uri: web.redirectUri, scope: 'openid', prompt: 'none', code_challenge: await oidc.calculatePKCECodeChallenge(oidc.randomPKCECodeVerifier()), code_challenge_method: 'S256' });
    answered(await authorize(page, silent, web.redirectUri), 'login_required');
    await page.context().close();
  });
}

run.test('a second request in the same browser needs no password', async ({ server, browser }) => {
  const config = await discover(server, web.id, oidc.ClientSecretBasic(web.secret));
  const first = await signInWith({ browser, config, redirectUri: web.redirectUri, user: users.alice });
  const second = await signInWith({ config, redirectUri: web.redirectUri, page: first.page });
  assert.ok(!second.callback.pages.includes('sign-in'));
  assert.equal(second.tokens.claims().sub, first.tokens.claims().sub);
  assert.notEqual(second.tokens.access_token, first.tokens.access_token);
  await first.page.context().close();
});

run.test('prompt=login asks for the password again although a session exists', async ({ server, browser }) => {
  const config = await discover(server, web.id, oidc.ClientSecretBasic(web.secret));
  const first = await signInWith({ browser, config, redirectUri: web.redirectUri, user: users.alice, max_age: '15000' });
  const second = await signInWith({ config, redirectUri: web.redirectUri, page: first.page, user: users.alice, prompt: 'login', max_age: '15000' });
  assert.ok(second.callback.pages.includes('sign-in'));
  assert.ok(second.tokens.claims().auth_time >= first.tokens.claims().auth_time);
  await first.page.context().close();
});

run.test('prompt=none without a session is login_required, and no page is shown', async ({ server, browser }) => {
  const config = await discover(server, spa.id, oidc.None());
  const page = await tab(browser);
  const url = oidc.buildAuthorizationUrl(config, { redirect_uri: spa.redirectUri, scope: 'openid', prompt: 'none', state: 's', code_challenge: await oidc.calculatePKCECodeChallenge(oidc.randomPKCECodeVerifier()), code_challenge_method: 'S256' });
  const callback = await authorize(page, url, spa.redirectUri);
  answered(callback, 'login_required');
  assert.equal(callback.url.searchParams.get('state'), 's');
  assert.deepEqual(callback.pages, []);
  await page.context().close();
});

run.test('who denies the consent sends the client access_denied', async ({ server, browser }) => {
  const config = await discover(server, spa.id, oidc.None());
  const page = await tab(browser);
  const url = oidc.buildAuthorizationUrl(config, { redirect_uri: spa.redirectUri, state: 's', ...offline, code_challenge: await oidc.calculatePKCECodeChallenge(oidc.randomPKCECodeVerifier()), code_challenge_method: 'S256' });
  const callback = await authorize(page, url, spa.redirectUri, { user: users.bob, allow: false });
  answered(callback, 'access_denied');
  assert.equal(callback.url.searchParams.get('iss'), server.issuer);
  assert.ok(callback.pages.includes('consent'));
  await page.context().close();
});

run.test('who cancels the sign-in sends the client access_denied', async ({ server, browser }) => {
  const config = await discover(server, spa.id, oidc.None());
  const page = await tab(browser, { javaScript: false });
  const url = oidc.buildAuthorizationUrl(config, { redirect_uri: spa.redirectUri, scope: 'openid', code_challenge: await oidc.calculatePKCECodeChallenge(oidc.randomPKCECodeVerifier()), code_challenge_method: 'S256' });
  const client = await catchRedirects(page, spa.redirectUri);
  await page.goto(url.href);
  await press(page, ids.signInCancel);
  assert.ok(client.arrived());
  answered(client.take(), 'access_denied');
  await page.context().close();
});

run.test('a public client without PKCE is refused', async ({ server, browser }) => {
  const config = await discover(server, spa.id, oidc.None());
  const page = await tab(browser);
  const callback = await authorize(page, oidc.buildAuthorizationUrl(config, { redirect_uri: spa.redirectUri, scope: 'openid' }), spa.redirectUri);
  answered(callback, 'invalid_request');
  await page.context().close();
});

run.test('a wrong secret is invalid_client', async ({ server }) => {
  const config = await discover(server, web.id, oidc.ClientSecretBasic('not-the-secret'));
  await assert.rejects(oidc.refreshTokenGrant(config, 'whatever'), (thrown) => {
    assert.equal(thrown.status, 401);
    // openid-client reports a 401 with WWW-Authenticate as a challenge, else as a response body.
    assert.match(JSON.stringify(thrown.error ?? thrown.cause ?? ''), /invalid_client|basic/i);
    return true;
  });
});

run.test('a code is redeemed once, and its second use ends what the first one gave', async ({ server, browser }) => {
  const config = await discover(server, web.id, oidc.ClientSecretBasic(web.secret));
  const { tokens, callback, page, verifier, state, nonce } = await signInWith({ browser, config, redirectUri: web.redirectUri, user: users.alice });
  await assert.rejects(
    oidc.authorizationCodeGrant(config, callback.url, { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce }),
    refused('invalid_grant'),
  );
  assert.equal((await oidc.tokenIntrospection(config, tokens.access_token)).active, false);
  await page.context().close();
});

run.test('a wrong code_verifier is invalid_grant', async ({ server, browser }) => {
  const config = await discover(server, web.id, oidc.ClientSecretBasic(web.secret));
  const page = await tab(browser);
  const state = oidc.randomState();
  const url = oidc.buildAuthorizationUrl(config, { redirect_uri: web.redirectUri, scope: 'openid', state, code_challenge: await oidc.calculatePKCECodeChallenge(oidc.randomPKCECodeVerifier()), code_challenge_method: 'S256' });
  const callback = await authorize(page, url, web.redirectUri, { user: users.alice });
  await assert.rejects(
    oidc.authorizationCodeGrant(config, callback.url, { pkceCodeVerifier: oidc.randomPKCECodeVerifier(), expectedState: state }),
    refused('invalid_grant'),
  );
  await page.context().close();
});

run.test('introspection tells a live token from a revoked one', async ({ server, browser }) => {
  const config = await discover(server, web.id, oidc.ClientSecretBasic(web.secret));
  const { tokens, page } = await signInWith({ browser, config, redirectUri: web.redirectUri, user: users.alice, ...offline });
  for (const token of [tokens.access_token, tokens.refresh_token]) {
    const found = await oidc.tokenIntrospection(config, token);
    assert.equal(found.active, true);
    assert.equal(found.client_id, web.id);
    assert.equal(found.sub, tokens.claims().sub);
  }
  await oidc.tokenRevocation(config, tokens.refresh_token);
  assert.deepEqual(await oidc.tokenIntrospection(config, tokens.refresh_token), { active: false });
  assert.deepEqual(await oidc.tokenIntrospection(config, tokens.access_token), { active: false });
  await assert.rejects(oidc.refreshTokenGrant(config, tokens.refresh_token), refused('invalid_grant'));
  await assert.rejects(oidc.fetchUserInfo(config, tokens.access_token, oidc.skipSubjectCheck), (thrown) => {
    assert.equal(thrown.status, 401);
    return true;
  });
  await page.context().close();
});

run.test('revoking an unknown token is answered like any other', async ({ server }) => {
  const config = await discover(server, web.id, oidc.ClientSecretBasic(web.secret));
  await oidc.tokenRevocation(config, 'no-such-token');
  assert.deepEqual(await oidc.tokenIntrospection(config, 'no-such-token'), { active: false });
});

run.test('a refresh token two rotations old is refused and ends the family', async ({ server, browser }) => {
  const config = await discover(server, spa.id, oidc.None());
  const { tokens, page } = await signInWith({ browser, config, redirectUri: spa.redirectUri, user: users.alice, ...offline });
  const second = await oidc.refreshTokenGrant(config, tokens.refresh_token);
  const third = await oidc.refreshTokenGrant(config, second.refresh_token);
  // Its successor was used: no lost answer can explain this one, so no grace applies.
  await assert.rejects(oidc.refreshTokenGrant(config, tokens.refresh_token), refused('invalid_grant'));
  await assert.rejects(oidc.refreshTokenGrant(config, third.refresh_token), refused('invalid_grant'));
  await page.context().close();
});

run.test('who lost the answer to a refresh sends it again and gets the same successor', async ({ server, browser }) => {
  const config = await discover(server, spa.id, oidc.None());
  const { tokens, page } = await signInWith({ browser, config, redirectUri: spa.redirectUri, user: users.alice, ...offline });
  const second = await oidc.refreshTokenGrant(config, tokens.refresh_token);
  const again = await oidc.refreshTokenGrant(config, tokens.refresh_token);
  assert.equal(again.refresh_token, second.refresh_token);
  await page.context().close();
});

run.test('where no grace is given, a second use of a refresh token ends the family', async ({ browser }) => {
  const strict = await startDev({ env: { SYMBOLON_TOKENS__REFRESH_GRACE_SECONDS: '0' } });
  try {
    const config = await discover(strict, spa.id, oidc.None());
    const { tokens, page } = await signInWith({ browser, config, redirectUri: spa.redirectUri, user: users.alice, ...offline });
    const second = await oidc.refreshTokenGrant(config, tokens.refresh_token);
    await assert.rejects(oidc.refreshTokenGrant(config, tokens.refresh_token), refused('invalid_grant'));
    await assert.rejects(oidc.refreshTokenGrant(config, second.refresh_token), refused('invalid_grant'));
    await page.context().close();
  } finally {
    await strict.stop();
  }
});

run.test('a refresh token of one client is invalid_grant for another', async ({ server, browser }) => {
  const config = await discover(server, spa.id, oidc.None());
  const { tokens, page } = await signInWith({ browser, config, redirectUri: spa.redirectUri, user: users.alice, ...offline });
  const other = await discover(server, web.id, oidc.ClientSecretBasic(web.secret));
  await assert.rejects(oidc.refreshTokenGrant(other, tokens.refresh_token), refused('invalid_grant'));
  await page.context().close();
});
