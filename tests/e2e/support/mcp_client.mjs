// An application that uses the MCP TypeScript SDK, with nothing configured for the server it is to sign in at.
import assert from 'node:assert/strict';
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { authorize, tab } from './browser.mjs';
import { setPolicy } from './registration.mjs';

export const redirectUrl = 'http://localhost:3000/callback';

// What an application that uses the SDK has to write: where things are kept, and how a browser is opened.
export class Provider {
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

// Sets who may make themselves known, and for which scope beside the usual ones.
export const allow = (server, scope, flags) => setPolicy(server, { quarantine: 'false', scope: `openid offline_access ${scope}`, ...flags });

export async function connect(resource, provider) {
  const transport = new StreamableHTTPClientTransport(new URL(resource), { authProvider: provider });
  const client = new Client({ name: 'e2e', version: '1.0.0' });
  await client.connect(transport);
  return client;
}

// Connects as the SDK does it: the first try is refused and leads to a browser, the second one has a token.
export async function signInAndCall({ browser }, resource, provider, user) {
  const first = new StreamableHTTPClientTransport(new URL(resource), { authProvider: provider });
  await assert.rejects(new Client({ name: 'e2e', version: '1.0.0' }).connect(first), UnauthorizedError);
  const { url } = provider.kept;
  assert.equal(url.searchParams.get('resource'), resource);
  const page = await tab(browser);
  const callback = await authorize(page, url, redirectUrl, { user });
  assert.ok(callback.url.searchParams.get('code'), callback.url.href);
  assert.ok(callback.pages.includes('consent'), 'nobody vouched for this client');
  await first.finishAuth(callback.url.searchParams.get('code'));
  await page.context().close();
  return call(resource, provider);
}

// What the tool `whoami` answers.
export async function call(resource, provider) {
  const client = await connect(resource, provider);
  const { content } = await client.callTool({ name: 'whoami', arguments: {} });
  await client.close();
  return content[0].text;
}
