// Keys of clients.
import * as jose from 'jose';

// A key pair with its public half as the JWK that is registered.
export async function keyPair(alg, kid, use) {
  const { publicKey, privateKey } = await jose.generateKeyPair(alg, { extractable: true });
  return { kid, alg, publicKey, privateKey, jwk: { ...(await jose.exportJWK(publicKey)), kid, alg, use } };
}
