// Every page that a person can reach, looked at: see support/audit.mjs for what each owes.
import assert from 'node:assert/strict';
import http from 'node:http';
import * as oidc from 'openid-client';
import { after, before } from 'node:test';
import { audit } from './support/audit.mjs';
import { catchRedirects, press, signIn, tab, visible } from './support/browser.mjs';
import {
  apiCreateArguments,
  clients,
  detailsTypeCreateArguments,
  page as ids,
  registrationPolicyArguments,
  setupLink,
  users,
  words,
} from './support/contract.mjs';
import { freePort, until } from './support/net.mjs';
import { startProduction } from './support/server.mjs';
import { suite } from './support/suite.mjs';

const { web, spa } = clients;
const run = suite();

// An authorization URL that shows the sign-in page, and with prompt=consent the consent page after it.
async function authorizationUrl(server, { client = spa, ...extra } = {}) {
  const url = new URL(server.metadata.authorization_endpoint);
  url.search = new URLSearchParams({
    client_id: client.id,
    redirect_uri: client.redirectUri,
    response_type: 'code',
    scope: 'openid profile email',
    state: 's',
    code_challenge: await oidc.calculatePKCECodeChallenge(oidc.randomPKCECodeVerifier()),
    code_challenge_method: 'S256',
    ...extra,
  });
  return url.href;
}

const text = (page, selector = 'body') => page.locator(selector).first().innerText();

run.test('the sign-in page, a wrong password, the consent page', async ({ server, browser }) => {
  const page = await tab(browser);
  const client = await catchRedirects(page, spa.redirectUri);
  await page.goto(await authorizationUrl(server, { prompt: 'consent', scope: 'openid profile email offline_access' }));
  assert.match(new URL(page.url()).pathname, /^\/sign-in\//);
  await audit(page, 'sign-in', { interaction: true });

  await signIn(page, { username: 'alice', password: 'not the password' });
  assert.ok(await visible(page, ids.signInError));
  const known = await text(page, ids.signInError);
  assert.ok(!/no such|unknown|not exist/i.test(known), known);
  await audit(page, 'sign-in-refused', { interaction: true });

  // Nobody learns from the page who has an account.
  await signIn(page, { username: 'nobody-here', password: 'not the password' });
  assert.equal(await text(page, ids.signInError), known);

  await signIn(page, users.alice);
  assert.match(new URL(page.url()).pathname, /^\/consent\//);
  assert.match(await text(page), /alice/i);
  await audit(page, 'consent', { interaction: true });
  await press(page, ids.consentAllow);
  assert.ok(client.arrived());
  await page.context().close();
});

run.test('the password can be shown, and is sent as a password', async ({ server, browser }) => {
  const page = await tab(browser);
  const client = await catchRedirects(page, spa.redirectUri);
  await page.goto(await authorizationUrl(server));
  assert.equal(await page.evaluate(() => document.activeElement.id), 'username');
  const type = () => page.locator(ids.password).getAttribute('type');
  const reveal = page.getByRole('button', { name: 'Show' });
  assert.equal(await type(), 'password');
  await reveal.click();
  assert.equal(await type(), 'text');
  await page.getByRole('button', { name: 'Hide' }).click();
  assert.equal(await type(), 'password');
  // By keyboard alone: from the name to the password, and Enter sends the form.
  await page.locator(ids.username).focus();
  await page.keyboard.type(users.alice.username);
  await page.keyboard.press('Tab');
  await page.keyboard.type(users.alice.password);
  await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')]);
  if (await visible(page, ids.consentAllow)) await press(page, ids.consentAllow);
  assert.ok(client.arrived());
  await page.context().close();
});

run.test('Back, reload and a second tab of a sign-in all work', async ({ server, browser }) => {
  const page = await tab(browser);
  const client = await catchRedirects(page, spa.redirectUri);
  await page.goto(await authorizationUrl(server));
  await page.reload();
  const second = await page.context().newPage();
  await second.goto(await authorizationUrl(server));
  assert.ok(await visible(second, ids.signIn));
  await page.goto(await authorizationUrl(server, { client: web, redirect_uri: web.redirectUri }));
  await page.goBack();
  assert.ok(await visible(page, ids.signIn));
  await signIn(page, users.bob);
  if (await visible(page, ids.consentAllow)) await press(page, ids.consentAllow);
  assert.ok(client.arrived());
  await page.context().close();
});

run.test('an unregistered redirect_uri is an error page and never a redirect', async ({ server, browser }) => {
  const page = await tab(browser);
  await page.goto(await authorizationUrl(server, { redirect_uri: 'https://evil.example/<script>alert(1)</script>' }));
  assert.equal(new URL(page.url()).origin, new URL(server.issuer).origin);
  assert.ok(page.document.status() >= 400 && page.document.status() < 500);
  assert.equal(await text(page, ids.errorCode), words.redirectUriNotRegistered);
  assert.ok((await text(page, ids.errorMessage)).length > 10);
  assert.equal((await text(page, ids.errorTrace)).trim().length > 0, true);
  assert.ok(!(await text(page)).includes(spa.redirectUri), 'the registered addresses are not told');
  await audit(page, 'error-redirect-uri');
  await page.context().close();
});

run.test('unknown client, missing redirect_uri and an added query are error pages', async ({ server, browser }) => {
  const page = await tab(browser, { javaScript: false });
  for (const extra of [{ client_id: 'nobody' }, { redirect_uri: '' }, { redirect_uri: `${spa.redirectUri}?x=1` }, { redirect_uri: `${spa.redirectUri}/` }]) {
    await page.goto(await authorizationUrl(server, extra));
    assert.ok(await visible(page, ids.errorMessage), JSON.stringify(extra));
    assert.equal(new URL(page.url()).origin, new URL(server.issuer).origin);
  }
  await page.context().close();
});

run.test('an interaction that never was is an error page', async ({ server, browser }) => {
  const page = await tab(browser);
  await page.goto(`${server.issuer}/sign-in/no-such-interaction`);
  assert.ok(page.document.status() >= 400 && page.document.status() < 500);
  assert.ok(await visible(page, ids.errorMessage));
  await audit(page, 'error-interaction');
  await page.context().close();
});

run.test('sign-out without a hint asks first, then says so', async ({ server, browser }) => {
  const page = await tab(browser);
  const client = await catchRedirects(page, spa.redirectUri);
  await page.goto(await authorizationUrl(server));
  await signIn(page, users.alice);
  if (await visible(page, ids.consentAllow)) await press(page, ids.consentAllow);
  assert.ok(client.arrived());

  await page.goto(server.metadata.end_session_endpoint);
  assert.ok(await visible(page, ids.logoutConfirm));
  await audit(page, 'sign-out', { interaction: true });
  await press(page, ids.logoutConfirm);
  assert.ok(await page.locator(ids.signedOut).count());
  await audit(page, 'signed-out', { interaction: false });

  // Really gone: the next request asks for the password.
  await page.goto(await authorizationUrl(server));
  assert.ok(await visible(page, ids.signIn));
  await page.context().close();
});

run.test('an unregistered post_logout_redirect_uri never redirects', async ({ server, browser }) => {
  const page = await tab(browser);
  await page.goto(`${server.metadata.end_session_endpoint}?${new URLSearchParams({ client_id: web.id, post_logout_redirect_uri: 'https://evil.example/' })}`);
  if (await visible(page, ids.logoutConfirm)) await press(page, ids.logoutConfirm);
  assert.equal(new URL(page.url()).origin, new URL(server.issuer).origin);
  await page.context().close();
});

for (const [name, address] of [
  ['home', '/'],
  ['dev', '/dev'],
  ['docs-errors', '/docs/errors'],
  ['docs-error', `/docs/errors/${words.redirectUriNotRegistered}`],
]) {
  run.test(`the page ${address}`, async ({ server, browser }) => {
    const page = await tab(browser);
    await page.goto(server.issuer + address);
    assert.equal(page.document.status(), 200);
    await audit(page, name);
    await page.context().close();
  });
}

run.test('a page that is not there is a clean 404 of ours', async ({ server, browser }) => {
  const page = await tab(browser);
  await page.goto(`${server.issuer}/no-such-page`);
  assert.equal(page.document.status(), 404);
  assert.match(await page.title(), /not found/i);
  await audit(page, 'not-found');
  await page.context().close();
});

run.test('the result page of /dev', async ({ server, browser }) => {
  const page = await tab(browser);
  await page.goto(`${server.issuer}/dev`);
  await press(page, ids.dev.signIn);
  await signIn(page, users.alice);
  if (await visible(page, ids.consentAllow)) await press(page, ids.consentAllow);
  assert.match(new URL(page.url()).pathname, /^\/dev/);
  await audit(page, 'dev-result');
  await page.context().close();
});

// --- The pages of more than one account, of devices, and of apps that registered themselves -------------------

// Goes through sign-in and consent, whichever of them is shown.
async function enter(page, url, user) {
  const client = await catchRedirects(page, spa.redirectUri);
  await page.goto(url);
  if (await visible(page, ids.signIn)) await signIn(page, user);
  if (await visible(page, ids.consentAllow)) await press(page, ids.consentAllow);
  assert.ok(client.arrived(), page.url());
  await client.close();
}

run.test('the account chooser, and the way out of one account or all', async ({ server, browser }) => {
  const page = await tab(browser);
  await enter(page, await authorizationUrl(server), users.alice);
  await page.goto(await authorizationUrl(server, { prompt: 'select_account' }));
  assert.match(new URL(page.url()).pathname, /^\/accounts\//);
  await press(page, ids.accountOther);
  const client = await catchRedirects(page, spa.redirectUri);
  await signIn(page, users.bob);
  if (await visible(page, ids.consentAllow)) await press(page, ids.consentAllow);
  assert.ok(client.arrived(), page.url());

  await page.goto(await authorizationUrl(server, { prompt: 'select_account' }));
  assert.ok(await visible(page, ids.account(2)));
  await audit(page, 'accounts', { interaction: true });
  await page.goto(server.metadata.end_session_endpoint);
  assert.ok(await visible(page, ids.logoutAll));
  await audit(page, 'sign-out-accounts', { interaction: true });
  await press(page, ids.logoutAll);
  assert.ok(await page.locator(ids.signedOut).count());
  await page.goto(await authorizationUrl(server, { prompt: 'select_account' }));
  assert.ok(await visible(page, ids.signIn), 'nobody is left to choose from');
  await page.context().close();
});

run.test('signing out tells the apps of the session, each in a frame', async ({ server, browser }) => {
  const loaded = [];
  const app = http.createServer((request, response) => {
    // The browser asks for an icon when it likes.
    if (request.url !== '/favicon.ico') loaded.push(new URL(request.url, 'http://localhost'));
    response.setHeader('Content-Type', 'text/html').end('<!doctype html><html lang="en"><title>Gone</title><p>Signed out.</p></html>');
  });
  const port = await freePort();
  await new Promise((resolve) => app.listen(port, '127.0.0.1', resolve));
  try {
    const origin = `http://127.0.0.1:${port}`;
    const told = await server.createClient({
      kind: 'web',
      name: 'Front channel app',
      redirectUris: [`${origin}/callback`],
      frontchannelLogoutUri: `${origin}/logout?tenant=1`,
      flags: { 'frontchannel-logout-session-required': 'true' },
    });
    const page = await tab(browser);
    await page.goto(await authorizationUrl(server, { client: { id: told.id, redirectUri: `${origin}/callback` } }));
    await signIn(page, users.alice);
    if (await visible(page, ids.consentAllow)) await press(page, ids.consentAllow);
    assert.equal(new URL(page.url()).pathname, '/callback');
    loaded.length = 0;
    await page.goto(server.metadata.end_session_endpoint);
    assert.match(await text(page, ids.logoutApps), /Front channel app/);
    await audit(page, 'sign-out-apps', { interaction: true });
    await press(page, ids.logoutConfirm);
    assert.match(await text(page, ids.signedOutApps), /Front channel app/);
    await until(() => loaded.length > 0, 'the app was not loaded');
    assert.equal(loaded[0].pathname, '/logout');
    assert.equal(loaded[0].searchParams.get('tenant'), '1');
    assert.equal(loaded[0].searchParams.get('iss'), server.issuer);
    assert.ok(loaded[0].searchParams.get('sid'));
    await audit(page, 'signed-out-apps', { frames: [origin] });
    await page.context().close();
  } finally {
    app.close();
    app.closeAllConnections();
  }
});

run.test('the pages of a device: the code, the question, the answer', async ({ server, browser }) => {
  const tv = await server.createClient({ kind: 'native', name: 'Living room television', grantTypes: ['device_code', 'refresh_token'], scopes: ['openid', 'profile', 'email', 'offline_access'] });
  const begin = async () => {
    const answer = await fetch(server.metadata.device_authorization_endpoint, { method: 'POST', body: new URLSearchParams({ client_id: tv.id, scope: 'openid profile email offline_access' }) });
    assert.equal(answer.status, 200);
    return answer.json();
  };
  const page = await tab(browser);
  await page.goto(server.issuer + '/device');
  await audit(page, 'device');
  await page.locator(ids.device.code).fill('BCDF-GHJK');
  await press(page, ids.device.submit);
  assert.ok(await visible(page, ids.device.error));
  await audit(page, 'device-refused');

  // The code is in the address, and still only filled in.
  const first = await begin();
  await page.goto(first.verification_uri_complete);
  assert.equal(await page.locator(ids.device.code).inputValue(), first.user_code);
  await press(page, ids.device.submit);
  await signIn(page, users.alice);
  assert.match(new URL(page.url()).pathname, /^\/approve\//);
  assert.equal(await text(page, ids.approve.code), first.user_code);
  assert.match(await text(page, ids.approve.address), /^(127\.0\.0\.1|::1)$/);
  assert.match(await text(page, ids.approve.time), /^(just now|\d+ min ago)$/);
  await audit(page, 'approve');
  // Nothing is allowed before the box is ticked, with or without the browser's own check.
  await page.locator(ids.approve.startedHere).evaluate((box) => box.removeAttribute('required'));
  await press(page, ids.approve.allow);
  assert.ok(await visible(page, ids.approve.startedHereError));
  await audit(page, 'approve-refused');
  await page.locator(ids.approve.startedHere).check();
  await press(page, ids.approve.allow);
  assert.equal(await page.locator(ids.answered).getAttribute('data-allowed'), 'yes');
  await audit(page, 'answered-allowed');

  const second = await begin();
  await page.goto(second.verification_uri_complete);
  await press(page, ids.device.submit);
  await press(page, ids.approve.deny);
  assert.equal(await page.locator(ids.answered).getAttribute('data-allowed'), 'no');
  await audit(page, 'answered-cancelled');
  await page.context().close();
});

run.test('the list of requests over the back channel, the question, the answer', async ({ server, browser }) => {
  const till = await server.createClient({ kind: 'web', name: 'Corner shop till', redirectUris: [spa.redirectUri], grantTypes: ['authorization_code', 'ciba'], scopes: ['openid', 'profile', 'email'] });
  const ask = async (message) => {
    const answer = await fetch(server.metadata.backchannel_authentication_endpoint, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${till.id}:${till.secret}`).toString('base64')}` },
      body: new URLSearchParams({ scope: 'openid profile email', login_hint: users.alice.username, binding_message: message }),
    });
    assert.equal(answer.status, 200, await answer.text());
  };
  const page = await tab(browser);
  await page.goto(server.issuer + '/requests');
  assert.match(await text(page, ids.requests.summary), /Nobody is signed in/);
  await audit(page, 'requests-signed-out');

  // No app is needed to sign in here.
  await press(page, ids.requests.signIn);
  assert.equal(new URL(page.url()).pathname, '/sign-in');
  assert.match(await text(page), /to see your requests/);
  await audit(page, 'sign-in-for-requests');
  await signIn(page, { username: 'alice', password: 'not the password' });
  assert.ok(await visible(page, ids.signInError));
  await audit(page, 'sign-in-for-requests-refused');
  await signIn(page, users.alice);
  assert.equal(new URL(page.url()).pathname, '/requests');
  assert.equal(await page.locator(ids.requests.summary).getAttribute('data-count'), '0');
  await audit(page, 'requests-empty');

  await ask('Pay 12.50 EUR, W4SCT');
  await ask('Invoice 2026-0815: transfer of all that is owed to the shop');
  await page.reload();
  assert.equal(await page.locator(ids.requests.summary).getAttribute('data-count'), '2');
  assert.match(await text(page, ids.requests.pick(1)), /Corner shop till: Invoice 2026-0815/);
  assert.match(await text(page, ids.requests.pick(2)), /Corner shop till: Pay 12\.50 EUR, W4SCT/);
  await audit(page, 'requests');

  await press(page, ids.requests.pick(2));
  assert.match(new URL(page.url()).pathname, /^\/approve\//);
  assert.equal(await text(page, ids.approve.bindingMessage), 'Pay 12.50 EUR, W4SCT');
  await audit(page, 'approve-request');
  await press(page, ids.approve.allow);
  assert.equal(await page.locator(ids.answered).getAttribute('data-allowed'), 'yes');
  await page.goto(server.issuer + '/requests');
  assert.equal(await page.locator(ids.requests.summary).getAttribute('data-count'), '1');
  await press(page, ids.requests.pick(1));
  await press(page, ids.approve.deny);
  assert.equal(await page.locator(ids.answered).getAttribute('data-allowed'), 'no');
  await page.goto(server.issuer + '/requests');
  assert.equal(await page.locator(ids.requests.summary).getAttribute('data-count'), '0');
  await page.context().close();
});

run.test('the consent page names the API and what exactly is asked for', async ({ server, browser }) => {
  const resource = 'https://invoices.example.com/v1';
  await server.cli(apiCreateArguments({ resource, name: 'Invoices', description: 'Everything that was billed', scopes: { 'invoices.read': 'see your invoices', 'invoices.pay': 'pay your invoices' } }));
  await server.cli(
    await detailsTypeCreateArguments(server.dir, {
      type: 'payment_initiation',
      name: 'Start a payment',
      description: 'Money leaves your account once.',
      schema: {
        type: 'object',
        properties: { type: { const: 'payment_initiation' }, amount: { type: 'string' }, creditorName: { type: 'string' }, reference: { type: 'string' } },
        required: ['type', 'amount'],
        additionalProperties: false,
      },
    }),
  );
  const shop = await server.createClient({
    kind: 'web',
    name: 'Invoice desk',
    redirectUris: [spa.redirectUri],
    scopes: ['openid', 'profile', 'invoices.read', 'invoices.pay'],
    detailsTypes: ['payment_initiation'],
  });
  const page = await tab(browser);
  const details = [{ type: 'payment_initiation', amount: '123.50 EUR', creditorName: 'Merchant A', reference: 'Ref-Number-Merchant-0123456789-0123456789-0123456789' }];
  const url = await authorizationUrl(server, {
    client: { id: shop.id, redirectUri: spa.redirectUri },
    prompt: 'consent',
    scope: 'openid profile invoices.read invoices.pay',
    resource,
    authorization_details: JSON.stringify(details),
  });
  await page.goto(url);
  await signIn(page, users.alice);
  assert.match(new URL(page.url()).pathname, /^\/consent\//, await text(page));
  assert.match(await text(page), /see your invoices[\s\S]*123\.50 EUR/i);
  await audit(page, 'consent-api-details', { interaction: true });
  await page.context().close();
});

run.test('an app that registered itself is called unverified, where it asks and where it is started', async ({ server, browser }) => {
  await server.cli(registrationPolicyArguments({ registration: 'open', quarantine: 'false' }));
  const answer = await fetch(server.metadata.issuer + '/oauth2/register', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: 'Holiday planner',
      redirect_uris: ['https://planner.example.com/callback'],
      token_endpoint_auth_method: 'none',
      client_uri: 'https://planner.example.com/',
      policy_uri: 'https://planner.example.com/privacy',
      tos_uri: 'https://planner.example.com/terms',
      contacts: ['help@planner.example.com'],
      initiate_login_uri: 'https://planner.example.com/start',
    }),
  });
  const planner = await answer.json();
  assert.equal(answer.status, 201, JSON.stringify(planner));
  const page = await tab(browser);
  await page.goto(await authorizationUrl(server, { client: { id: planner.client_id, redirectUri: 'https://planner.example.com/callback' } }));
  await signIn(page, users.alice);
  assert.match(await text(page), /Unverified app/);
  await audit(page, 'consent-unverified', { interaction: true });

  await page.goto(`${server.issuer}/apps/start?client_id=${planner.client_id}`);
  assert.match(await text(page), /Unverified app/);
  const target = new URL(await page.locator(ids.appStart).getAttribute('href'));
  assert.equal(target.origin + target.pathname, 'https://planner.example.com/start');
  assert.equal(target.searchParams.get('iss'), server.issuer);
  await audit(page, 'app-start');
  await page.context().close();
});

// The first administrator: a server that is not in dev mode, with an empty database.
const production = {};
before(async () => {
  production.server = await startProduction();
});
after(() => production.server?.stop());

const administrator = { username: 'root-admin', email: 'root-admin@example.com', name: 'First Administrator', password: 'a long enough passphrase 9' };
async function fillSetup(page) {
  for (const field of ['username', 'email', 'name', 'password']) await page.locator(ids.setup[field]).fill(administrator[field]);
  await press(page, ids.setup.submit);
}

run.test('the setup link of the first start makes one administrator, once', async ({ browser }) => {
  const { server } = production;
  const link = await until(() => setupLink(server.output), () => `no setup link was printed:\n${server.output}`);
  const code = new URL(link).hash.replace('#k=', '');

  // A wrong code opens nothing, and does not use up the right one. Without scripts the code is pasted.
  const plain = await tab(browser, { javaScript: false });
  await plain.goto(new URL('/setup', link).href);
  await plain.locator(ids.setup.code).fill('AAAA-AAAA-AAAA');
  await fillSetup(plain);
  assert.ok(plain.document.status() >= 400, 'a wrong code is refused');
  await plain.context().close();

  const page = await tab(browser);
  await page.goto(new URL('/', link).href);
  assert.match(await text(page), /no administrator yet/);
  await audit(page, 'home-before-setup');
  await page.goto(link);
  await until(async () => (await page.locator(ids.setup.code).inputValue()) === code, 'the code of the link is not filled in');
  await audit(page, 'setup');
  // A refusal stands next to its field, and nothing else has to be typed again.
  await page.locator(ids.setup.username).fill(administrator.username);
  await page.locator(ids.setup.email).fill(administrator.email);
  await page.locator(ids.setup.password).fill('short');
  await press(page, ids.setup.submit);
  assert.match(await text(page, '#password-error'), /^Use at least \d+ characters/);
  assert.equal(await page.locator(ids.setup.code).inputValue(), code);
  await audit(page, 'setup-refused');
  await fillSetup(page);
  assert.ok(page.document.status() < 400, await text(page));
  // What the page tells to type works as it stands.
  const commands = await page.locator('pre').allInnerTexts();
  assert.ok(commands.length > 0);
  for (const command of commands) {
    const [name, ...args] = command.trim().split(/\s+/);
    assert.equal(name, 'symbolon');
    await server.cli(args, { stdin: 'another long passphrase 7\n' });
  }
  await audit(page, 'setup-done');
  await page.goto(new URL('/', link).href);
  assert.doesNotMatch(await text(page), /no administrator yet/);
  await page.context().close();

  // The link was for one time.
  const again = await tab(browser);
  await again.goto(link);
  if (await visible(again, ids.setup.submit)) await fillSetup(again);
  assert.ok(again.document.status() >= 400, 'the link works once');
  await again.context().close();
});
