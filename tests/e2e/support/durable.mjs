// The server and the clients of the durability harness: `serve` on one database that outlives every kill, seeded with
// the CLI. The only place that chooses how.
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { clients } from './contract.mjs';
import { kind, ownedCluster } from './database.mjs';
import { productionServer } from './server.mjs';

// Long enough to repeat a lost rotation after a restart, short enough to wait for its end.
export const graceSeconds = 10;

export async function durableServer() {
  const server = await productionServer({ env: { SYMBOLON_TOKENS__REFRESH_GRACE_SECONDS: String(graceSeconds) } });
  await server.start(); // the first start makes the schema and the keys
  const redirectUri = clients.web.redirectUri;
  const made = [];
  for (const accessTokenFormat of ['jwt', 'opaque']) {
    const client = await server.createClient({
      name: `kill9-${accessTokenFormat}`,
      redirectUris: [redirectUri],
      grantTypes: ['authorization_code', 'refresh_token', 'client_credentials'],
      scopes: ['openid', 'offline_access', 'demo.read'],
      authMethod: 'client_secret_basic',
      consent: 'skip',
      accessTokenFormat,
    });
    const pair = `${encodeURIComponent(client.id)}:${encodeURIComponent(client.secret)}`;
    made.push({ ...client, redirectUri, machineScope: 'demo.read', authorization: `Basic ${Buffer.from(pair).toString('base64')}` });
  }
  const user = await server.createUser({ username: 'durable', email: 'durable@example.com', password: 'a long enough passphrase 9' });
  return { server, user, clients: made };
}

// The fault that the harness must notice: the newest part of the database's log is gone, as after a power cut of a
// database that does not wait for the disk. Server (and PostgreSQL) must be dead.
export async function loseWrites({ dir }) {
  if (kind === 'sqlite') return erase(path.join(dir, 'symbolon.db-wal'), true);
  const folder = path.join(ownedCluster(), 'data', 'pg_wal');
  const segments = (await readdir(folder)).filter((name) => /^[0-9A-F]{24}$/.test(name)).sort();
  const times = await Promise.all(segments.map(async (name) => (await stat(path.join(folder, name))).mtimeMs));
  return erase(path.join(folder, segments[times.indexOf(Math.max(...times))]));
}

// Zeroes the end of what was written to a file; a log that begins anew in the same file is zeroed whole, since its end
// may be what an earlier round left.
async function erase(file, whole = false) {
  const content = await readFile(file);
  let end = content.length;
  while (end > 0 && content[end - 1] === 0) end -= 1;
  content.fill(0, whole ? 0 : Math.max(0, end - 256 * 1024), end);
  await writeFile(file, content, { flag: 'r+' });
}
