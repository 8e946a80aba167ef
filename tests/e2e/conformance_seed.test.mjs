// conformance/seed as it is run before the OpenID Foundation's suite: its server, its clients with the keys of the plan
// configurations, the test resource under both names, and the answer in the place of a person.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import test, { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as jose from 'jose';
import * as oauth from 'oauth4webapi';
import { authorize, launch, tab } from './support/browser.mjs';
import { environment } from './support/contract.mjs';
import { freshDatabase, kind } from './support/database.mjs';
import { freePort, until } from './support/net.mjs';
import { binary, runCommand, tail } from './support/server.mjs';

const SEED = fileURLToPath(new URL('../../conformance/seed', import.meta.url));
const USER = { username: 'suite-user', password: 'suite-pass' };
const shared = { output: '' };
const named = (name, body) =>
  test(`${name} [${kind}]`, async () => {
    try {
      await body();
    } catch (error) {
      console.error(`--- ${name}: the server said\n${tail(shared.output)}---`);
      throw error;
    }
  });

// fetch over TLS that trusts the server of the seed alone, with a client certificate or none.
const over = (shown) => (url, { method = 'GET', headers = {}, body } = {}) =>
  new Promise((resolve, reject) => {
    const sent = Object.fromEntries(new Headers(headers));
    const request = https.request(url, { method, headers: sent, agent: false, ca: shared.ca, ...shown }, (answer) => {
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('end', () => {
        const all = Object.entries(answer.headers).flatMap(([name, value]) => [value].flat().map((one) => [name, one]));
        const text = Buffer.concat(chunks);
        resolve(new Response([204, 304].includes(answer.statusCode) ? null : text, { status: answer.statusCode, headers: all }));
      });
    });
    request.on('error', reject);
    request.end(body === undefined || body === null ? undefined : String(body));
  });
const plainly = over({});
const options = { [oauth.customFetch]: plainly };

const plan = async (name) => JSON.parse(await readFile(path.join(shared.dir, 'plans', `${name}.json`), 'utf8'));
const certificateOf = ({ mtls }) => over({ cert: mtls.cert, key: mtls.key });
const importKey = ({ keys: [jwk] }) => {
  const algorithm = jwk.alg === 'ES256' ? { name: 'ECDSA', namedCurve: 'P-256' } : { name: 'RSA-PSS', hash: 'SHA-256' };
  return crypto.subtle.importKey('jwk', jwk, algorithm, false, ['sign']).then((key) => ({ key, kid: jwk.kid }));
};
const metadata = async () => {
  const issuer = new URL(shared.issuer);
  return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, options));
};

// Signs the user in, in a browser of their own, and answers what reaches the client.
async function signIn(url, redirectUri) {
  const page = await tab(shared.browser, { ignoreHTTPSErrors: true });
  try {
    return (await authorize(page, url, redirectUri, { user: USER })).url;
  } finally {
    await page.context().close();
  }
}

before(async () => {
  shared.dir = await mkdtemp(path.join(os.tmpdir(), 'symbolon-seed-'));
  shared.database = await freshDatabase(shared.dir);
  const [port, mtlsPort, suitePort] = [await freePort(), await freePort(), await freePort()];
  shared.issuer = `https://localhost:${port}`;
  shared.mtls = `https://localhost:${mtlsPort}`;
  shared.callback = `https://localhost:${suitePort}/test/a/opx/callback`;
  shared.env = environment({ home: shared.dir, databaseUrl: shared.database.url, extra: { SYMBOLON_BIN: binary() } });
  shared.args = ['--issuer', shared.issuer, '--mtls', shared.mtls, '--suite', `https://localhost:${suitePort}/test/a`, '--dir', shared.dir];
  shared.child = spawn(SEED, shared.args, { cwd: shared.dir, env: shared.env, stdio: ['ignore', 'pipe', 'pipe'] });
  shared.closed = new Promise((resolve) => shared.child.on('close', resolve));
  process.on('exit', () => shared.child.kill('SIGKILL'));
  for (const stream of [shared.child.stdout, shared.child.stderr]) stream.on('data', (chunk) => (shared.output += chunk));
  await until(
    async () => {
      if (shared.child.exitCode !== null) throw new Error(`the seed ended\n${shared.output}`);
      shared.ca = await readFile(path.join(shared.dir, 'certificates', 'server.crt')).catch(() => undefined);
      return shared.ca && (await plainly(`${shared.issuer}/.well-known/openid-configuration`).then((answer) => answer.ok, () => false));
    },
    () => `the seed was not ready in time\n${shared.output}`,
    { timeout: 90_000, interval: 100 },
  );
  shared.browser = await launch();
});
after(async () => {
  await shared.browser?.close();
  shared.child?.kill('SIGTERM');
  await shared.closed;
  await shared.database?.drop();
  await rm(shared.dir, { recursive: true, force: true });
});

named('every plan configuration is filled, and names clients of its own alias', async () => {
  const files = await readdir(path.join(shared.dir, 'plans'));
  assert.ok(files.length >= 19, files.join(' '));
  for (const file of files) {
    const text = await readFile(path.join(shared.dir, 'plans', file), 'utf8');
    assert.ok(!text.includes('{{'), file);
    const { alias, server, runs } = JSON.parse(text);
    assert.equal(alias, 'opx', file);
    assert.equal(server.discoveryUrl, `${shared.issuer}/.well-known/openid-configuration`, file);
    assert.ok(runs.length > 0, file);
  }
  assert.match(shared.output, /conformance\.danger_test_hooks/, 'what is dangerous is named at start');
  assert.match(shared.output, /outbound\.danger_allowed_hosts/);
});

named('oidc-basic-1 gets every claim of the user through the code flow', async () => {
  const as = await metadata();
  const { client: { client_id, client_secret } } = await plan('oidc-static');
  const client = { client_id };
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
  const url = new URL(as.authorization_endpoint);
  url.search = new URLSearchParams({ client_id, redirect_uri: shared.callback, response_type: 'code', scope: 'openid profile email address phone', state, nonce });
  const parameters = oauth.validateAuthResponse(as, client, await signIn(url, shared.callback), state);
  const answer = await oauth.authorizationCodeGrantRequest(as, client, oauth.ClientSecretBasic(client_secret), parameters, shared.callback, oauth.nopkce, options);
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, answer, { expectedNonce: nonce, requireIdToken: true });
  const { sub } = oauth.getValidatedIdTokenClaims(tokens);
  const claims = await oauth.processUserInfoResponse(as, client, sub, await oauth.userInfoRequest(as, client, tokens.access_token, options));
  for (const [name, value] of Object.entries({
    name: 'Suite User', given_name: 'Suite', family_name: 'User', middle_name: 'Q', nickname: 'sq', preferred_username: 'suite-user', gender: 'other',
    birthdate: '1990-01-31', zoneinfo: 'Europe/Berlin', locale: 'en-GB', website: 'https://example.com/', email: 'suite-user@example.com', email_verified: true,
    phone_number_verified: true, profile: `${shared.issuer}/u/suite-user`, picture: `${shared.issuer}/u/suite-user.png`,
  })) {
    assert.equal(claims[name], value, name);
  }
  assert.equal(claims.address.postal_code, '10115');
});

named('f2-pkj-dpop-1 goes through a pushed request and DPoP to the resource', async () => {
  const as = await metadata();
  const { client: { client_id, scope, jwks }, resource } = await plan('fapi2-pkj-dpop');
  assert.equal(resource.resourceUrl, `${shared.issuer}/resource`);
  const client = { client_id, id_token_signed_response_alg: 'ES256' };
  const auth = oauth.PrivateKeyJwt(await importKey(jwks));
  const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'));
  const verifier = oauth.generateRandomCodeVerifier();
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
  const request = new URLSearchParams({ redirect_uri: shared.callback, response_type: 'code', scope, state, nonce, code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' });
  const pushed = await oauth.processPushedAuthorizationResponse(as, client, await oauth.pushedAuthorizationRequest(as, client, auth, request, { ...options, DPoP }));
  const url = new URL(as.authorization_endpoint);
  url.search = new URLSearchParams({ client_id, request_uri: pushed.request_uri });
  const parameters = oauth.validateAuthResponse(as, client, await signIn(url, shared.callback), state);
  const answer = await oauth.authorizationCodeGrantRequest(as, client, auth, parameters, shared.callback, verifier, { ...options, DPoP });
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, answer, { expectedNonce: nonce, requireIdToken: true });
  assert.equal(tokens.token_type, 'dpop');
  const id = crypto.randomUUID();
  const found = await oauth.protectedResourceRequest(tokens.access_token, 'GET', new URL(resource.resourceUrl), new Headers({ 'x-fapi-interaction-id': id }), null, { ...options, DPoP });
  assert.equal(found.status, 200);
  assert.equal(found.headers.get('x-fapi-interaction-id'), id);
  assert.ok(found.headers.get('date'));
  assert.equal((await found.json()).client_id, client_id);
  const bare = await plainly(resource.resourceUrl, { headers: { authorization: `Bearer ${tokens.access_token}` } });
  assert.equal(bare.status, 401);
});

named('f2-mtls-mtls-1 is known by its certificate, and uses its token with nothing else', async () => {
  const as = await metadata();
  const config = await plan('fapi2-mtls-mtls');
  const { client: { client_id }, resource } = config;
  assert.equal(resource.resourceUrl, `${shared.mtls}/resource`);
  const client = { client_id, use_mtls_endpoint_aliases: true };
  const own = { [oauth.customFetch]: certificateOf(config) };
  const answer = await oauth.clientCredentialsGrantRequest(as, client, oauth.TlsClientAuth(), new URLSearchParams({ scope: 'profile' }), own);
  const { access_token: token } = await oauth.processClientCredentialsResponse(as, client, answer);
  const found = await oauth.protectedResourceRequest(token, 'GET', new URL(resource.resourceUrl), undefined, null, own);
  assert.equal((await found.json()).client_id, client_id);
  const authorization = { authorization: `Bearer ${token}` };
  const others = [over({ cert: config.mtls2.cert, key: config.mtls2.key }), plainly];
  for (const other of others) assert.equal((await other(resource.resourceUrl, { headers: authorization })).status, 401);
  assert.equal((await plainly(`${shared.issuer}/resource`, { headers: authorization })).status, 401);
  // Nor is anybody else's certificate the client's.
  const form = { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams({ grant_type: 'client_credentials', client_id }) };
  assert.equal((await others[0](as.mtls_endpoint_aliases.token_endpoint, form)).status, 401);
});

named('ciba-poll-pkj-1 gets its tokens when the hook allows, and none when it denies', async () => {
  const as = await metadata();
  const config = await plan('ciba-poll');
  const { client: { client_id, scope, jwks, hint_value }, automated_ciba_approval_url: hook } = config;
  const [jwk] = jwks.keys;
  const key = await jose.importJWK(jwk, jwk.alg);
  const own = certificateOf(config);
  const sign = (claims) =>
    new jose.SignJWT(claims).setProtectedHeader({ alg: jwk.alg, kid: jwk.kid }).setIssuer(client_id).setAudience(as.issuer).setJti(crypto.randomUUID()).setIssuedAt().setNotBefore('0s').setExpirationTime('5m').sign(key);
  const post = async (url, fields) => {
    const assertion = { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', client_assertion: await sign({ sub: client_id }) };
    const answer = await own(url, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams({ ...fields, ...assertion }) });
    return { status: answer.status, ...(await answer.json()) };
  };
  for (const action of ['allow', 'deny']) {
    const begun = await post(as.mtls_endpoint_aliases.backchannel_authentication_endpoint, { request: await sign({ scope, login_hint: hint_value, binding_message: '1234' }) });
    assert.equal(begun.status, 200, JSON.stringify(begun));
    const pressed = await plainly(hook.replace('{auth_req_id}', begun.auth_req_id).replace('{action}', action), { method: 'POST' });
    assert.ok(pressed.ok, `${pressed.status}`);
    const polled = await post(as.mtls_endpoint_aliases.token_endpoint, { grant_type: 'urn:openid:params:grant-type:ciba', auth_req_id: begun.auth_req_id });
    if (action === 'deny') {
      assert.deepEqual([polled.status, polled.error], [400, 'access_denied']);
      continue;
    }
    assert.equal(polled.status, 200, JSON.stringify(polled));
    assert.equal(jose.decodeJwt(polled.id_token).aud, client_id);
    const found = await own(config.resource.resourceUrl, { headers: { authorization: `Bearer ${polled.access_token}` } });
    assert.equal(found.status, 200);
  }
});

named('the database serves nothing else, is filled once, and its keys can be rotated', async () => {
  const settings = 'set -e; . "$0/environment"; ';
  const bash = (script) => runCommand('bash', ['-c', settings + script, shared.dir], { cwd: shared.dir, env: shared.env });
  const real = await bash('SYMBOLON_CONFORMANCE__DANGER_TEST_HOOKS=false "$SYMBOLON_BIN" serve --set bind=127.0.0.1:1');
  assert.notEqual(real.code, 0);
  const refused = await bash('SYMBOLON_CONFORMANCE__DANGER_TEST_HOOKS=false "$SYMBOLON_BIN" serve --set bind=127.0.0.1:0 --set mtls.bind= --set mtls.url=');
  assert.notEqual(refused.code, 0);
  assert.match(refused.stderr, /AS-4026/);
  const again = await runCommand(SEED, [...shared.args, '--only-seed'], { cwd: shared.dir, env: shared.env });
  assert.equal(again.code, 0, again.stderr);
  const listed = async () => JSON.parse((await bash('"$SYMBOLON_BIN" key list --json')).stdout);
  const before = await listed();
  const rotated = await bash('"$SYMBOLON_BIN" key rotate --alg ES256');
  assert.equal(rotated.code, 0, rotated.stderr);
  const now = await listed();
  assert.equal(now.length, before.length + 1);
  for (const key of before) assert.ok(now.some(({ kid }) => kid === key.kid), 'the old key is kept');
});
