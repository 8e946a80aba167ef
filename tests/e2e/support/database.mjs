// A fresh database for one server: a file of its own, or a database of its own on the PostgreSQL of
// SYMBOLON_TEST_POSTGRES. Which one says SYMBOLON_E2E_DATABASE (sqlite, the default, or postgres).
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
export const kind = process.env.SYMBOLON_E2E_DATABASE ?? 'sqlite';

const admin = () => {
  const url = process.env.SYMBOLON_TEST_POSTGRES;
  if (!url) throw new Error('SYMBOLON_TEST_POSTGRES is not set: start the tests with tests/run');
  return url;
};
const sql = (text) => run('psql', [admin(), '-qtA', '-v', 'ON_ERROR_STOP=1', '-c', text]);

// Answers { url, drop() }.
export async function freshDatabase(dir, which = kind) {
  if (which === 'sqlite') return { url: `sqlite://${path.join(dir, 'symbolon.db')}`, drop: async () => {} };
  const name = `e2e_${randomBytes(6).toString('hex')}`;
  await sql(`CREATE DATABASE ${name}`);
  const url = new URL(admin());
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => sql(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`).catch(() => {}) };
}

// The private cluster of tests/run, which may be killed; undefined when the server is somebody else's.
export const ownedCluster = () => process.env.SYMBOLON_TEST_POSTGRES_DIR;

// `crash` kills every process of the cluster with SIGKILL, `resume` starts it again on the same port.
export const cluster = (verb) =>
  run(fileURLToPath(new URL('../../provision/postgres.sh', import.meta.url)), [verb, ownedCluster()]);
