// An account that its person creates, asked for by an app (prompt=create): openid-client and a real browser, with
// scripts and without; and what each page of it owes (support/audit.mjs).
import assert from 'node:assert/strict';
import * as oidc from 'openid-client';
import { audit } from './support/audit.mjs';
import { catchRedirects, press, signIn, tab, visible } from './support/browser.mjs';
import { clients, page as ids, signUpPolicyArguments, users } from './support/contract.mjs';
import { until } from './support/net.mjs';
import { suite } from './support/suite.mjs';

const { web } = clients;
const run = suite();
const password = 'four random unrelated words';
const text = (page, selector = 'body') => page.locator(selector).first().innerText();
const policy = (server, flags) => server.cli(signUpPolicyArguments(flags));

async function discovered(server) {
  const config = await oidc.discovery(new URL(server.issuer), web.id, web.secret, undefined, { execute: [oidc.allowInsecureRequests] });
  return { config, prompts: config.serverMetadata().prompt_values_supported };
}

// An authorization URL, with what its answer is checked against.
async function asked(config, extra = {}) {
  const checks = { pkceCodeVerifier: oidc.randomPKCECodeVerifier(), expectedState: oidc.randomState(), expectedNonce: oidc.randomNonce() };
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: web.redirectUri,
    scope: 'openid profile email',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: 'S256',
    prompt: 'create',
    ...extra,
  });
  return { url: url.href, checks };
}

async function fill(page, { username, email = `${username}@example.com`, name = 'Nora New', secret = password }) {
  await page.locator(ids.signUp.username).fill(username);
  await page.locator(ids.signUp.email).fill(email);
  await page.locator(ids.signUp.name).fill(name);
  await page.locator(ids.signUp.password).fill(secret);
}

run.test('nobody is offered an account until it is opened', async ({ server, browser }) => {
  const { config, prompts } = await discovered(server);
  assert.deepEqual(prompts, ['none', 'login', 'consent', 'select_account']);
  const page = await tab(browser);
  const client = await catchRedirects(page, web.redirectUri);
  await page.goto((await asked(config)).url);
  const answer = await client.next();
  assert.equal(answer.url.searchParams.get('error'), 'invalid_request');
  assert.match(answer.url.searchParams.get('error_uri'), /AS-1011$/);
  await page.context().close();
});

for (const javaScript of [true, false]) {
  const how = javaScript ? 'with scripts' : 'without scripts';
  run.test(`an app asks for an account and gets its tokens, ${how}`, async ({ server, browser }) => {
    await policy(server, { mode: 'open' });
    // Metadata may be a moment old.
    await until(async () => (await discovered(server)).prompts.includes('create'), 'create is not listed');
    const { config } = await discovered(server);
    const page = await tab(browser, { javaScript });
    const client = await catchRedirects(page, web.redirectUri);
    const username = javaScript ? 'nora' : 'plain';
    const { url, checks } = await asked(config, { login_hint: `${username}@example.com` });
    await page.goto(url);
    assert.match(new URL(page.url()).pathname, /^\/sign-up\//);
    assert.equal(await page.locator(ids.signUp.email).inputValue(), `${username}@example.com`);
    await fill(page, { username: users.alice.username });
    await press(page, ids.signUp.submit);
    assert.match(await text(page, '#username-error'), /taken/);
    assert.equal(await page.locator(ids.signUp.password).inputValue(), '', 'a password never comes back');
    await fill(page, { username });
    await press(page, ids.signUp.submit);
    if (await visible(page, ids.consentAllow)) await press(page, ids.consentAllow);
    const answer = await client.next();
    const tokens = await oidc.authorizationCodeGrant(config, answer.url, checks);
    const claims = tokens.claims();
    assert.deepEqual(claims.amr, ['pwd']);
    const told = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub);
    assert.equal(told.preferred_username, username);
    assert.equal(told.email, `${username}@example.com`);
    assert.equal(told.email_verified, false);
    await page.context().close();
  });
}

run.test('somebody who is signed in creates a second account beside the first', async ({ server, browser }) => {
  await policy(server, { mode: 'open' });
  const { config } = await discovered(server);
  const page = await tab(browser);
  const client = await catchRedirects(page, web.redirectUri);
  await page.goto((await asked(config, { prompt: 'login' })).url);
  await signIn(page, users.alice);
  if (await visible(page, ids.consentAllow)) await press(page, ids.consentAllow);
  await client.next();
  await page.goto((await asked(config)).url);
  await fill(page, { username: 'second' });
  await press(page, ids.signUp.submit);
  if (await visible(page, ids.consentAllow)) await press(page, ids.consentAllow);
  await client.next();
  await page.goto((await asked(config, { prompt: 'select_account' })).url);
  assert.match(await text(page), /Nora New[\s\S]*alice/i);
  await page.context().close();
});

run.test('the pages of it', async ({ server, browser }) => {
  await policy(server, { mode: 'open' });
  const { config } = await discovered(server);
  const page = await tab(browser);
  await catchRedirects(page, web.redirectUri);
  await page.goto((await asked(config, { prompt: 'login' })).url);
  await audit(page, 'sign-in-or-up', { interaction: true });
  await press(page, ids.signInSignUp);
  assert.match(new URL(page.url()).pathname, /^\/sign-up\//);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'username');
  await audit(page, 'sign-up', { interaction: true });
  await fill(page, { username: users.alice.username });
  await press(page, ids.signUp.submit);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'username', 'what is wrong has the focus');
  await audit(page, 'sign-up-taken', { interaction: true });
  await fill(page, { username: 'somebody', secret: 'short' });
  await press(page, ids.signUp.submit);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'password');
  await audit(page, 'sign-up-password', { interaction: true });
  await press(page, ids.signUp.signIn);
  assert.match(new URL(page.url()).pathname, /^\/sign-in\//);
  await press(page, ids.signInSignUp);
  // Closed while the page is open: the way on is told.
  await policy(server, { mode: 'off' });
  await fill(page, { username: 'somebody' });
  await press(page, ids.signUp.submit);
  assert.equal(await text(page, ids.errorCode), 'AS-2101');
  await audit(page, 'error-sign-up-closed');
  await press(page, ids.errorSignIn);
  assert.ok(await visible(page, ids.signIn));
  assert.ok(!(await visible(page, ids.signInSignUp)));
  await page.context().close();
});
