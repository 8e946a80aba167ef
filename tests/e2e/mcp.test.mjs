// The MCP TypeScript SDK finds this server from a protected MCP server, makes itself known, signs somebody in and calls
// a tool, with nothing configured for it: by dynamic registration, and by the metadata document that is its client_id.
import assert from 'node:assert/strict';
import https from 'node:https';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { certificate } from './support/certificate.mjs';
import { apiCreateArguments, users } from './support/contract.mjs';
import { allow, call, connect, Provider, redirectUrl, signInAndCall } from './support/mcp_client.mjs';
import { scope, startMcpServer } from './support/mcp_server.mjs';
import { freePort } from './support/net.mjs';
import { startDev } from './support/server.mjs';
import { suite } from './support/suite.mjs';

// Where the client publishes its metadata: https, with a certificate that the server is told to trust.
const publisher = { dir: await mkdtemp(path.join(os.tmpdir(), 'symbolon-e2e-mcp-')), port: await freePort(), fetched: 0 };
publisher.address = `https://localhost:${publisher.port}/client.json`;
publisher.document = {
  client_id: publisher.address,
  client_name: 'Published MCP client',
  redirect_uris: [redirectUrl],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
  scope: `${scope} offline_access`,
};

async function publish() {
  const { cert, key } = await certificate(publisher.dir, 'publisher');
  publisher.certificate = cert;
  publisher.listener = https.createServer({ cert: await readFile(cert), key: await readFile(key) }, (request, response) => {
    publisher.fetched += 1;
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify(publisher.document));
  });
  await new Promise((resolve) => publisher.listener.listen(publisher.port, '127.0.0.1', resolve));
}

let mcp;
const run = suite({
  start: async () => {
    await publish();
    return startDev({ env: { SSL_CERT_FILE: publisher.certificate } });
  },
  prepare: async ({ server }) => {
    mcp = await startMcpServer(await freePort());
    mcp.serve(server.issuer, server.metadata.jwks_uri);
    await server.cli(apiCreateArguments({ resource: mcp.resource, name: 'Who am I', scopes: { [scope]: 'use its tools as you' }, flags: { 'self-registered': 'true' } }));
    return async () => {
      await mcp.stop();
      publisher.listener.closeAllConnections();
      publisher.listener.close();
      await rm(publisher.dir, { recursive: true, force: true });
    };
  },
});

run.test('the SDK registers itself, signs alice in, calls a tool, and refreshes', async (shared) => {
  await allow(shared.server, scope, { registration: 'open', documents: 'off' });
  const provider = new Provider();
  const sub = await signInAndCall(shared, mcp.resource, provider, users.alice);
  const claims = mcp.seen.at(-1);
  assert.equal(claims.sub, sub);
  assert.equal(claims.client_id, provider.kept.client.client_id);
  assert.deepEqual([claims.aud].flat(), [mcp.resource], 'for this server and no other');

  // The token is not what it was: the SDK refreshes without asking anybody.
  assert.ok(provider.kept.tokens.refresh_token, 'a client that registered for refresh tokens gets one');
  const before = provider.kept.tokens;
  provider.kept.tokens = { ...before, access_token: `${before.access_token}x` };
  assert.equal(await call(mcp.resource, provider), sub);
  assert.notEqual(provider.kept.tokens.access_token, before.access_token);
  assert.deepEqual([mcp.seen.at(-1).aud].flat(), [mcp.resource]);
});

run.test('the SDK is known by the document that its client_id is the address of', async (shared) => {
  await allow(shared.server, scope, { registration: 'off', documents: 'any' });
  const provider = new Provider(publisher.address);
  const sub = await signInAndCall(shared, mcp.resource, provider, users.bob);
  assert.equal(provider.kept.client.client_id, publisher.address);
  assert.equal(mcp.seen.at(-1).client_id, publisher.address);
  assert.equal(mcp.seen.at(-1).sub, sub);
  assert.equal(publisher.fetched, 1, 'fetched once, then believed for a while');
});

run.test('where neither is allowed, the SDK is told so and nobody is asked', async (shared) => {
  await allow(shared.server, scope, { registration: 'off', documents: 'off' });
  const provider = new Provider(publisher.address);
  await assert.rejects(connect(mcp.resource, provider), /registration/i);
  assert.equal(provider.kept.url, undefined);
});
