// Starts and stops the built binary ($SYMBOLON_BIN) as a black box: a directory, a port and a database of its own.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import * as contract from './contract.mjs';
import { freshDatabase } from './database.mjs';
import { freePort, until } from './net.mjs';

export function binary() {
  const file = process.env.SYMBOLON_BIN;
  if (!file) throw new Error('SYMBOLON_BIN is not set: start the tests with tests/run');
  return path.resolve(file);
}

// Nothing outlives the test process, however it ends.
const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

// Runs a command to its end. Answers { code, stdout, stderr }.
export function runCommand(file, args, { cwd, env, stdin = '', timeout = 30_000 } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, env, timeout });
    const out = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk) => (out.stdout += chunk));
    child.stderr.on('data', (chunk) => (out.stderr += chunk));
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, ...out }));
    child.stdin.on('error', () => {}); // a command that does not read its input is not a failure
    child.stdin.end(stdin);
  });
}

// The metadata, once it is served over plain HTTP.
async function discoverPlainly(port) {
  const answer = await fetch(`http://127.0.0.1:${port}/.well-known/openid-configuration`, { signal: AbortSignal.timeout(2000) });
  return answer.status === 200 ? answer.json() : undefined;
}

export class Server {
  constructor({ dir, database, args, env, port, discover = discoverPlainly }) {
    Object.assign(this, { dir, database, args, env, port, discover, output: '' });
  }

  // Starts the process and waits until discovery answers.
  async start() {
    this.output = '';
    this.exit = undefined;
    const child = spawn(binary(), this.args, { cwd: this.dir, env: this.env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    running.add(child);
    child.stdout.on('data', (chunk) => (this.output += chunk));
    child.stderr.on('data', (chunk) => (this.output += chunk));
    this.closed = new Promise((resolve) => {
      child.on('error', (error) => {
        this.exit = `could not start: ${error.message}`;
        resolve();
      });
      child.on('close', (code, signal) => {
        running.delete(child);
        this.exit = `exited with ${code ?? signal}`;
        resolve();
      });
    });
    const began = performance.now();
    this.metadata = await until(
      async () => {
        if (this.exit) throw new Error(`symbolon ${this.args.join(' ')} ${this.exit}\n${this.output}`);
        try {
          return await this.discover(this.port);
        } catch {
          return undefined; // not listening yet
        }
      },
      () => `symbolon ${this.args.join(' ')} was not ready in time\n${this.output}`,
      { timeout: 20_000, interval: 10 },
    );
    this.readyAfter = performance.now() - began;
    this.issuer = this.metadata.issuer;
    return this;
  }

  // Runs the CLI against the same database and directory; fails unless it exits 0. With --json the answer is parsed.
  async cli(args, { stdin } = {}) {
    const done = await runCommand(binary(), args, { cwd: this.dir, env: this.env, stdin });
    if (done.code !== 0) throw new Error(`symbolon ${args.join(' ')} exited with ${done.code}\n${done.stdout}\n${done.stderr}`);
    return args.includes('--json') ? JSON.parse(done.stdout) : done.stdout;
  }

  async createClient(wanted) {
    const json = await this.cli(await contract.clientCreateArguments(this.dir, wanted));
    return { ...wanted, ...contract.createdClient(json) };
  }

  async createUser(wanted) {
    const { args, stdin } = contract.userCreate(wanted);
    await this.cli(args, { stdin });
    return wanted;
  }

  async signal(name) {
    if (!this.exit) this.child.kill(name);
    await this.closed;
  }

  kill9() {
    return this.signal('SIGKILL');
  }

  // Stops it and removes what it wrote.
  async stop() {
    const patience = setTimeout(() => this.child?.kill('SIGKILL'), 5000);
    if (this.child) await this.signal('SIGTERM');
    clearTimeout(patience);
    await this.database.drop();
    await rm(this.dir, { recursive: true, force: true });
  }
}

async function prepare(args, extra, { env = {}, dir, database, discover } = {}) {
  const home = dir ?? (await mkdtemp(path.join(os.tmpdir(), 'symbolon-e2e-')));
  const fresh = database ?? (await freshDatabase(home));
  const port = await freePort();
  const managementPort = await freePort();
  return new Server({
    dir: home,
    database: fresh,
    port,
    discover,
    args: args(port),
    env: contract.environment({ home, databaseUrl: fresh.url, extra: { ...extra({ port, managementPort }), ...env } }),
  });
}

// A prepared server that is not started yet.
export const devServer = (options) => prepare(contract.devArguments, () => ({}), options);
export const productionServer = (options) => prepare(contract.serveArguments, contract.serveEnvironment, options);

// A server that does not start leaves nothing behind; what it said is in the error.
async function started(server) {
  try {
    return await server.start();
  } catch (error) {
    await server.stop();
    throw error;
  }
}

// `symbolon dev`: alice, bob and the demo clients.
export const startDev = async (options) => started(await devServer(options));

// `symbolon serve` on an empty database: nobody can sign in before the setup link was followed.
export const startProduction = async (options) => started(await productionServer(options));

// The end of what a server said.
export const tail = (text, lines = 60) => text.split('\n').slice(-lines).join('\n');
