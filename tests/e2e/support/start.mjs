// A server for tests in another language. Starts `symbolon dev`, prints one line of JSON ({ issuer, database, … }),
// then obeys one line of JSON at a time and answers each with one: {"createClient": {…}}, or {"startMcp": {}} for a
// protected MCP server at which clients may register themselves, with {"example": "server.py"} one of docs/mcp. Ends with
// its input.
import { createInterface } from 'node:readline';
import * as contract from './contract.mjs';
import { startExample } from './mcp_example.mjs';
import { scope, startMcpServer } from './mcp_server.mjs';
import { freePort } from './net.mjs';
import { startDev } from './server.mjs';

const server = await startDev();
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const { clients, users } = contract;
say({
  issuer: server.issuer,
  users,
  clients: { web: clients.web, spa: clients.spa, m2m: clients.m2m },
});
const started = [];

// Answers { resource, scope }.
async function startMcp({ example }) {
  const mcp = example ? await startExample(example, server.issuer) : await startMcpServer(await freePort());
  started.push(mcp);
  mcp.serve?.(server.issuer, server.metadata.jwks_uri);
  await server.cli(contract.apiCreateArguments({ resource: mcp.resource, name: 'Who am I', scopes: { [scope]: 'use its tools as you' }, flags: { 'self-registered': 'true' } }));
  await server.cli(contract.registrationPolicyArguments({ registration: 'open', quarantine: 'false', scope: `openid offline_access ${scope}` }));
  return { resource: mcp.resource, scope };
}

for await (const line of createInterface({ input: process.stdin })) {
  try {
    const { createClient, startMcp: wanted } = JSON.parse(line);
    say({ ok: wanted ? await startMcp(wanted) : await server.createClient(createClient) });
  } catch (error) {
    say({ error: error.message });
  }
}
if (process.env.SYMBOLON_E2E_SHOW_LOG) process.stderr.write(server.output);
for (const mcp of started) await mcp.stop();
await server.stop();
