// A protected MCP server: its one tool is for people who signed in at a Symbolon server.
//
//   npm init -y && npm pkg set type=module && npm install @modelcontextprotocol/sdk jose tsx
//   ISSUER=https://id.example.com RESOURCE=https://mcp.example.com/mcp npx tsx server.ts
//
// RESOURCE is the address at which clients reach this server, and the identifier of the API at the issuer. It listens on
// 127.0.0.1, on the port of RESOURCE, or on 3001 if that has none: then a proxy in front of it ends TLS.
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js';
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js';
import { getOAuthProtectedResourceMetadataUrl, mcpAuthMetadataRouter } from '@modelcontextprotocol/sdk/server/auth/router.js';
import type { AuthInfo } from '@modelcontextprotocol/sdk/server/auth/types.js';
import { createMcpExpressApp } from '@modelcontextprotocol/sdk/server/express.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { OpenIdProviderMetadataSchema } from '@modelcontextprotocol/sdk/shared/auth.js';
import { createRemoteJWKSet, errors, jwtVerify, type JWTVerifyOptions } from 'jose';

const { ISSUER, RESOURCE } = process.env;
if (!ISSUER || !RESOURCE) throw new Error('set ISSUER and RESOURCE');
const SCOPE = 'tools.call';

const metadata = OpenIdProviderMetadataSchema.parse(await (await fetch(`${ISSUER}/.well-known/openid-configuration`)).json());
if (metadata.issuer !== ISSUER) throw new Error(`ISSUER must be written ${metadata.issuer}`);
const keys = createRemoteJWKSet(new URL(metadata.jwks_uri)); // fetched when needed, kept for some minutes

const rules: JWTVerifyOptions = {
  issuer: ISSUER,
  audience: RESOURCE,
  typ: 'at+jwt', // RFC 9068: an ID token is not an access token
  requiredClaims: ['exp', 'sub', 'client_id'],
  algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'], // asymmetric ones alone: nobody can sign with a key that is published
};

// Believes access tokens that the issuer signed for this server; the SDK looks at their scope.
async function verifyAccessToken(token: string): Promise<AuthInfo> {
  const { payload } = await jwtVerify(token, keys, rules).catch((error) => {
    // Without keys nothing can be said of the token: answered with 500, not with 401.
    const noKeys = !(error instanceof errors.JOSEError) || ['ERR_JOSE_GENERIC', 'ERR_JWKS_TIMEOUT'].includes(error.code);
    throw noKeys ? error : new InvalidTokenError('no valid access token for this server');
  });
  if (payload.cnf) throw new InvalidTokenError('a token that is bound to a key is not for whoever holds it');
  const scopes = String(payload.scope ?? '').split(' ');
  return { token, clientId: String(payload.client_id), scopes, expiresAt: payload.exp, extra: { sub: payload.sub } };
}

const address = new URL(RESOURCE);
const app = createMcpExpressApp({ allowedHosts: [address.hostname] });
app.use(mcpAuthMetadataRouter({ oauthMetadata: metadata, resourceServerUrl: address, scopesSupported: [SCOPE] }));
const resourceMetadataUrl = getOAuthProtectedResourceMetadataUrl(address);
const authenticated = requireBearerAuth({ verifier: { verifyAccessToken }, requiredScopes: [SCOPE], resourceMetadataUrl });

app.all(address.pathname, authenticated, async (request, response) => {
  const server = new McpServer({ name: 'whoami', version: '1.0.0' });
  server.registerTool('whoami', { description: 'Who is signed in' }, ({ authInfo }) => ({
    content: [{ type: 'text', text: String(authInfo?.extra?.sub) }],
  }));
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
  response.on('close', () => server.close());
  await server.connect(transport);
  await transport.handleRequest(request, response, request.body);
});

app.listen(Number(address.port || 3001), '127.0.0.1');
