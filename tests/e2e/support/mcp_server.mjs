// A protected MCP server as its specification describes one: it says by a 401 where its metadata is, names our issuer
// there, and believes access tokens that are signed by that issuer and made for it alone.
import http from 'node:http';
import * as jose from 'jose';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';

export const scope = 'tools.call';

// Answers { resource, serve(issuer), seen, stop() }; `seen` are the claims of the tokens that were accepted.
export async function startMcpServer(port) {
  const resource = `http://127.0.0.1:${port}/mcp`;
  const metadataUrl = `http://127.0.0.1:${port}/.well-known/oauth-protected-resource/mcp`;
  const seen = [];
  let issuer;
  let keys;

  // The claims of the request's token; throws when it is none of ours.
  async function authenticate(request) {
    const token = request.headers.authorization?.match(/^Bearer (.+)$/)?.[1];
    if (!token) throw new Error('no token');
    const { payload } = await jose.jwtVerify(token, keys, { issuer, audience: resource, typ: 'at+jwt' });
    if (!payload.scope.split(' ').includes(scope)) throw new Error('not for the tools');
    return payload;
  }

  async function answer(request, response) {
    const { pathname } = new URL(request.url, resource);
    if (pathname === new URL(metadataUrl).pathname) {
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify({ resource, authorization_servers: [issuer], scopes_supported: [scope], bearer_methods_supported: ['header'] }));
      return;
    }
    if (pathname !== '/mcp') {
      response.writeHead(404).end();
      return;
    }
    let claims;
    try {
      claims = await authenticate(request);
    } catch (error) {
      const wrong = request.headers.authorization ? `error="invalid_token", error_description="${error.message.replaceAll('"', "'")}", ` : '';
      response.writeHead(401, { 'WWW-Authenticate': `Bearer ${wrong}scope="${scope}", resource_metadata="${metadataUrl}"` }).end();
      return;
    }
    seen.push(claims);
    const server = new McpServer({ name: 'whoami', version: '1.0.0' });
    server.registerTool('whoami', { description: 'Who is signed in' }, async () => ({ content: [{ type: 'text', text: claims.sub }] }));
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined, enableJsonResponse: true });
    response.on('close', () => {
      transport.close();
      server.close();
    });
    await server.connect(transport);
    await transport.handleRequest(request, response);
  }

  const listener = http.createServer((request, response) => {
    answer(request, response).catch((error) => response.destroy(error));
  });
  await new Promise((resolve) => listener.listen(port, '127.0.0.1', resolve));
  return {
    resource,
    seen,
    serve(issuedBy, jwksUri) {
      issuer = issuedBy;
      keys = jose.createRemoteJWKSet(new URL(jwksUri));
    },
    stop: () => {
      listener.closeAllConnections();
      return new Promise((resolve) => listener.close(resolve));
    },
  };
}
