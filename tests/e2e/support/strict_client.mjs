// oauth4webapi as the relying party of the tests, with every check that it has.
import * as jose from 'jose';
import * as oauth from 'oauth4webapi';
import { authorize, tab } from './browser.mjs';
import { redirectUri, scopes } from './relying_party.mjs';

export const options = { [oauth.allowInsecureRequests]: true }; // loopback http

export async function metadata(server, algorithm = 'oidc') {
  const issuer = new URL(server.issuer);
  return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { ...options, algorithm }));
}

// The option by which it opens what is encrypted for the key (of support/keys.mjs) with one of these contents' algorithms.
export const decryptingWith = ({ alg, privateKey }, ...encs) => ({
  [oauth.jweDecrypt]: async (jwe) => {
    const { plaintext } = await jose.compactDecrypt(jwe, privateKey, { keyManagementAlgorithms: [alg], contentEncryptionAlgorithms: encs });
    return new TextDecoder().decode(plaintext);
  },
});

// A new client of its own for one test: { as, client, auth, redirectUri, made }. `known` is what oauth4webapi is told
// of the registration; `auth` is its way to authenticate, with the secret if it is left out.
export async function application(server, { auth, known = {}, ...wanted }) {
  const made = await server.createClient({ kind: 'web', redirectUris: [redirectUri], scopes, ...wanted });
  const client = { client_id: made.id, ...known };
  return { as: await metadata(server), client, auth: auth ?? oauth.ClientSecretBasic(made.secret), redirectUri, made };
}

// An authorization request, with what its answer is checked against; `extra` are parameters instead or besides.
export async function request({ as, client, redirectUri: redirect_uri }, extra = {}) {
  const verifier = oauth.generateRandomCodeVerifier();
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
  const parameters = new URLSearchParams({
    client_id: client.client_id,
    redirect_uri,
    response_type: 'code',
    scope: 'openid',
    state,
    nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...extra,
  });
  const url = new URL(as.authorization_endpoint);
  url.search = parameters;
  return { url, parameters, verifier, state, nonce, maxAge: extra.max_age === undefined ? oauth.skipAuthTimeCheck : Number(extra.max_age) };
}

// Redeems the code of a validated answer and validates what comes: { result, claims, headers }. `more` are options of
// the token request and of its processing, such as DPoP or the key for encrypted ID tokens.
export async function redeem({ as, client, auth, redirectUri: redirect_uri }, { verifier, nonce, maxAge }, answer, more = {}) {
  const response = await oauth.authorizationCodeGrantRequest(as, client, auth, answer, redirect_uri, verifier, { ...options, ...more });
  const headers = response.headers;
  const result = await oauth.processAuthorizationCodeResponse(as, client, response, { expectedNonce: nonce, requireIdToken: true, maxAge, ...more });
  await oauth.validateApplicationLevelSignature(as, response, options);
  return { result, claims: oauth.getValidatedIdTokenClaims(result), headers };
}

// One code flow with every check; `extra` are authorization parameters.
export async function codeFlow({ server, browser }, { user, page, javaScript = true, extra = {}, scope = 'openid', more, ...party }) {
  const as = party.as ?? (await metadata(server));
  const asked = await request({ as, ...party }, { scope, ...extra });
  const used = page ?? (await tab(browser, { javaScript }));
  const callback = await authorize(used, asked.url, party.redirectUri, { user });
  const answer = oauth.validateAuthResponse(as, party.client, callback.method === 'POST' ? callback.body : callback.url, asked.state);
  return { as, callback, page: used, ...(await redeem({ as, ...party }, asked, answer, more)) };
}
