// A server for tests in another language. Starts `symbolon dev`, prints one line of JSON ({ issuer, … }), then obeys one
// line of JSON at a time and answers each with one, { ok } or { error }. A line has one member, which says what to do:
//   createClient  creates a client with the CLI
//   startMcp      starts a protected MCP server, or with {"example": "server.py"} one of docs/mcp
//   setPolicy     says who may make themselves known
//   publish       serves a client ID metadata document
// Ends with its input.
import { createInterface } from 'node:readline';
import * as contract from './contract.mjs';
import { startExample } from './mcp_example.mjs';
import { scope, startMcpServer } from './mcp_server.mjs';
import { freePort } from './net.mjs';
import { startPublisher } from './publisher.mjs';
import { setPolicy } from './registration.mjs';
import { startDev } from './server.mjs';

const publisher = await startPublisher();
const server = await startDev({ env: publisher.env });
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
  return { resource: mcp.resource, scope };
}

const commands = {
  createClient: (wanted) => server.createClient(wanted),
  startMcp,
  setPolicy: (flags) => setPolicy(server, flags),
  publish: ({ name, metadata }) => publisher.publish(name, metadata),
};

for await (const line of createInterface({ input: process.stdin })) {
  try {
    const [[command, wanted]] = Object.entries(JSON.parse(line));
    say({ ok: (await commands[command](wanted)) ?? null });
  } catch (error) {
    say({ error: error.message });
  }
}
if (process.env.SYMBOLON_E2E_SHOW_LOG) process.stderr.write(server.output);
for (const mcp of started) await mcp.stop();
await server.stop();
await publisher.stop();
