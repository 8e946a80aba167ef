// A server for tests in another language. Starts `symbolon dev`, prints one line of JSON ({ issuer, database, … }),
// then obeys one line of JSON at a time and answers each with one: {"createClient": {…}}. Ends with its input.
import { createInterface } from 'node:readline';
import * as contract from './contract.mjs';
import { startDev } from './server.mjs';

const server = await startDev();
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const { clients, users } = contract;
say({
  issuer: server.issuer,
  users,
  clients: { web: clients.web, spa: clients.spa, m2m: clients.m2m },
});
for await (const line of createInterface({ input: process.stdin })) {
  try {
    const { createClient } = JSON.parse(line);
    say({ ok: await server.createClient(createClient) });
  } catch (error) {
    say({ error: error.message });
  }
}
if (process.env.SYMBOLON_E2E_SHOW_LOG) process.stderr.write(server.output);
await server.stop();
