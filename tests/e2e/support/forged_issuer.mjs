// An issuer whose key the tests have: it signs what a real one never would.
import http from 'node:http';
import * as jose from 'jose';
import { freePort } from './net.mjs';

const KID = 'the-key';

// `like` is the metadata of a real one. Answers { issuer, keys, sign(claims, header), signWith(key, …), unsigned(…), stop() }.
export async function forgeIssuer(like) {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const { publicKey, privateKey } = await jose.generateKeyPair('RS256', { extractable: true });
  const documents = {
    '/.well-known/openid-configuration': { ...like, issuer, jwks_uri: `${issuer}/jwks` },
    '/jwks': { keys: [{ ...(await jose.exportJWK(publicKey)), kid: KID, alg: 'RS256', use: 'sig' }] },
  };
  const keys = { served: true };
  const listener = http.createServer((request, response) => {
    const found = request.url === '/jwks' && !keys.served ? undefined : documents[request.url];
    response.writeHead(found ? 200 : 503, { 'Content-Type': 'application/json' }).end(JSON.stringify(found ?? {}));
  });
  await new Promise((resolve) => listener.listen(port, '127.0.0.1', resolve));

  const header = (more) => ({ alg: 'RS256', kid: KID, typ: 'at+jwt', ...more });
  const signWith = (key, claims, more) => new jose.SignJWT(claims).setProtectedHeader(header(more)).sign(key);
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return {
    issuer,
    keys,
    signWith,
    sign: (claims, more) => signWith(privateKey, claims, more),
    unsigned: (claims) => `${part(header({ alg: 'none' }))}.${part(claims)}.`,
    // The mistake of believing whatever algorithm a token names: the public key as a shared secret.
    signWithPublicKey: async (claims) => signWith(new TextEncoder().encode(await jose.exportSPKI(publicKey)), claims, { alg: 'HS256' }),
    stop: () => {
      listener.closeAllConnections();
      return new Promise((resolve) => listener.close(resolve));
    },
  };
}
