// The MCP TypeScript SDK finds this server from a protected MCP server, makes itself known, signs somebody in and calls
// a tool, with nothing configured for it: by dynamic registration, and by the metadata document that is its client_id.
import assert from 'node:assert/strict';
import https from 'node:https';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { authorize, tab } from './support/browser.mjs';
import { certificate } from './support/certificate.mjs';
import { apiCreateArguments, registrationPolicyArguments, users } from './support/contract.mjs';
import { scope, startMcpServer } from './support/mcp_server.mjs';
import { freePort, until } from './support/net.mjs';
import { startDev } from './support/server.mjs';
import { suite } from './support/suite.mjs';

const redirectUrl = 'http://localhost:3000/callback';
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

// What an application that uses the SDK has to write: where things are kept, and how a browser is opened.
class Provider {
  constructor(clientMetadataUrl) {
    this.clientMetadataUrl = clientMetadataUrl;
    this.redirectUrl = redirectUrl;
    this.kept = {};
  }
  get clientMetadata() {
    return { client_name: 'Registered MCP client', redirect_uris: [redirectUrl], grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'], token_endpoint_auth_method: 'none' };
  }
  state = () => (this.kept.state = 'a-state-of-the-client');
  clientInformation = () => this.kept.client;
  saveClientInformation = (client) => (this.kept.client = client);
  tokens = () => this.kept.tokens;
  saveTokens = (tokens) => (this.kept.tokens = tokens);
  redirectToAuthorization = (url) => (this.kept.url = url);
  saveCodeVerifier = (verifier) => (this.kept.verifier = verifier);
  codeVerifier = () => this.kept.verifier;
}

// Sets who may make themselves known, and waits until the server tells of it.
async function allow(server, flags) {
  await server.cli(registrationPolicyArguments({ quarantine: 'false', scope: `openid offline_access ${scope}`, ...flags }));
  await until(
    async () => {
      const metadata = await (await fetch(`${server.issuer}/.well-known/oauth-authorization-server`)).json();
      return (metadata.registration_endpoint !== undefined) === (flags.registration === 'open') && Boolean(metadata.client_id_metadata_document_supported) === (flags.documents === 'any');
    },
    'the metadata does not follow the policy',
    { timeout: 30_000, interval: 100 },
  );
}

// Connects as the SDK does it: the first try is refused and leads to a browser, the second one has a token.
async function signInAndCall({ browser }, provider, user) {
  const first = new StreamableHTTPClientTransport(new URL(mcp.resource), { authProvider: provider });
  await assert.rejects(new Client({ name: 'e2e', version: '1.0.0' }).connect(first), UnauthorizedError);
  const { url } = provider.kept;
  assert.equal(url.searchParams.get('resource'), mcp.resource);
  const page = await tab(browser);
  const callback = await authorize(page, url, redirectUrl, { user });
  assert.ok(callback.url.searchParams.get('code'), callback.url.href);
  assert.ok(callback.pages.includes('consent'), 'nobody vouched for this client');
  await first.finishAuth(callback.url.searchParams.get('code'));
  await page.context().close();
  return call(provider);
}

async function call(provider) {
  const client = new Client({ name: 'e2e', version: '1.0.0' });
  await client.connect(new StreamableHTTPClientTransport(new URL(mcp.resource), { authProvider: provider }));
  const { content } = await client.callTool({ name: 'whoami', arguments: {} });
  await client.close();
  return content[0].text;
}

run.test('the SDK registers itself, signs alice in, calls a tool, and refreshes', async (shared) => {
  await allow(shared.server, { registration: 'open', documents: 'off' });
  const provider = new Provider();
  const sub = await signInAndCall(shared, provider, users.alice);
  const claims = mcp.seen.at(-1);
  assert.equal(claims.sub, sub);
  assert.equal(claims.client_id, provider.kept.client.client_id);
  assert.deepEqual([claims.aud].flat(), [mcp.resource], 'for this server and no other');

  // The token is not what it was: the SDK refreshes without asking anybody.
  assert.ok(provider.kept.tokens.refresh_token, 'a client that registered for refresh tokens gets one');
  const before = provider.kept.tokens;
  provider.kept.tokens = { ...before, access_token: `${before.access_token}x` };
  assert.equal(await call(provider), sub);
  assert.notEqual(provider.kept.tokens.access_token, before.access_token);
  assert.deepEqual([mcp.seen.at(-1).aud].flat(), [mcp.resource]);
});

run.test('the SDK is known by the document that its client_id is the address of', async (shared) => {
  await allow(shared.server, { registration: 'off', documents: 'any' });
  const provider = new Provider(publisher.address);
  const sub = await signInAndCall(shared, provider, users.bob);
  assert.equal(provider.kept.client.client_id, publisher.address);
  assert.equal(mcp.seen.at(-1).client_id, publisher.address);
  assert.equal(mcp.seen.at(-1).sub, sub);
  assert.equal(publisher.fetched, 1, 'fetched once, then believed for a while');
});

run.test('where neither is allowed, the SDK is told so and nobody is asked', async (shared) => {
  await allow(shared.server, { registration: 'off', documents: 'off' });
  const provider = new Provider(publisher.address);
  const transport = new StreamableHTTPClientTransport(new URL(mcp.resource), { authProvider: provider });
  await assert.rejects(new Client({ name: 'e2e', version: '1.0.0' }).connect(transport), /registration/i);
  assert.equal(provider.kept.url, undefined);
});
