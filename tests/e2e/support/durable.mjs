// The server and the client of the durability harness: `serve` on one database that outlives every kill, seeded with
// the CLI. The only place that chooses how.
import { clients } from './contract.mjs';
import { productionServer } from './server.mjs';

export async function durableServer() {
  const server = await productionServer();
  await server.start(); // the first start makes the schema and the keys
  const redirectUri = clients.web.redirectUri;
  const client = await server.createClient({
    name: 'kill9',
    redirectUris: [redirectUri],
    grantTypes: ['authorization_code', 'refresh_token', 'client_credentials'],
    scopes: ['openid', 'offline_access', 'demo.read'],
    authMethod: 'client_secret_basic',
    consent: 'implicit',
  });
  const user = await server.createUser({ username: 'durable', email: 'durable@example.com', password: 'a long enough passphrase 9' });
  return { server, user, client: { ...client, redirectUri, machineScope: 'demo.read' } };
}
