// The MCP TypeScript SDK finds this server from a protected MCP server, makes itself known, signs somebody in and calls
// a tool, with nothing configured for it: by dynamic registration, and by the metadata document that is its client_id.
import assert from 'node:assert/strict';
import { apiCreateArguments, users } from './support/contract.mjs';
import { allow, call, connect, Provider, redirectUrl, signInAndCall } from './support/mcp_client.mjs';
import { scope, startMcpServer } from './support/mcp_server.mjs';
import { freePort } from './support/net.mjs';
import { startPublisher } from './support/publisher.mjs';
import { startDev } from './support/server.mjs';
import { suite } from './support/suite.mjs';

let publisher;
let published;
let mcp;
const run = suite({
  start: async () => {
    publisher = await startPublisher();
    published = publisher.publish('client', {
      client_name: 'Published MCP client',
      redirect_uris: [redirectUrl],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      scope: `${scope} offline_access`,
    });
    return startDev({ env: publisher.env });
  },
  prepare: async ({ server }) => {
    mcp = await startMcpServer(await freePort());
    mcp.serve(server.issuer, server.metadata.jwks_uri);
    await server.cli(apiCreateArguments({ resource: mcp.resource, name: 'Who am I', scopes: { [scope]: 'use its tools as you' }, flags: { 'self-registered': 'true' } }));
    return async () => {
      await mcp.stop();
      await publisher.stop();
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
  const provider = new Provider(published);
  const sub = await signInAndCall(shared, mcp.resource, provider, users.bob);
  assert.equal(provider.kept.client.client_id, published);
  assert.equal(mcp.seen.at(-1).client_id, published);
  assert.equal(mcp.seen.at(-1).sub, sub);
  assert.equal(publisher.fetched(published), 1, 'fetched once, then believed for a while');
});

run.test('where neither is allowed, the SDK is told so and nobody is asked', async (shared) => {
  await allow(shared.server, scope, { registration: 'off', documents: 'off' });
  const provider = new Provider(published);
  await assert.rejects(connect(mcp.resource, provider), /registration/i);
  assert.equal(provider.kept.url, undefined);
});
