// openid-client as the relying party of the tests: one sign-in from the authorization URL to the validated tokens.
import assert from 'node:assert/strict';
import * as oidc from 'openid-client';
import { authorize, tab } from './browser.mjs';

// Where such a client is answered, and what it may ask for.
export const redirectUri = 'http://localhost:3000/callback';
export const scopes = ['openid', 'profile', 'email', 'offline_access'];

export const insecure = { execute: [oidc.allowInsecureRequests] }; // loopback http

// `auth` is one of openid-client's client authentication methods.
export const discover = (server, clientId, auth, metadata) => oidc.discovery(new URL(server.issuer), clientId, metadata, auth, insecure);

// A new client of its own for one test, discovered. `extensions` are openid-client's.
export async function application(server, { name, auth, metadata = {}, extensions = [], ...wanted }) {
  const made = await server.createClient({ kind: 'web', name, redirectUris: [redirectUri], scopes, ...wanted });
  const method = auth ?? oidc.ClientSecretBasic(made.secret);
  const config = await oidc.discovery(new URL(server.issuer), made.id, metadata, method, { execute: [...insecure.execute, ...extensions] });
  return { made, config };
}

// Signs `user` in for `client`. Answers { tokens, callback, page, nonce } with the tab still open.
export async function signInWith({ browser, config, redirectUri, user, page, javaScript = true, scope = 'openid profile email', ...extra }) {
  const verifier = oidc.randomPKCECodeVerifier();
  const state = oidc.randomState();
  const nonce = oidc.randomNonce();
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope,
    state,
    nonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...extra,
  });
  const used = page ?? (await tab(browser, { javaScript }));
  const callback = await authorize(used, url, redirectUri, { user });
  const tokens = await oidc.authorizationCodeGrant(config, callback.url, {
    pkceCodeVerifier: verifier,
    expectedState: state,
    expectedNonce: nonce,
    idTokenExpected: true,
    maxAge: extra.max_age === undefined ? undefined : Number(extra.max_age),
  });
  return { tokens, callback, page: used, nonce, verifier, state };
}

// Requests a refresh token as OpenID Connect Core 11 wants it: offline_access together with prompt=consent.
export const offline = { scope: 'openid profile email offline_access', prompt: 'consent' };

// For assert.rejects: the server refused with this error.
export const refused = (error) => (thrown) => {
  assert.equal(thrown.error, error, `${thrown} ${JSON.stringify(thrown.cause)}`);
  return true;
};
