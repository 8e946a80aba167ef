// The example servers of docs/mcp, started as a reader starts them: a file that was copied, and two variables.
import { spawn } from 'node:child_process';
import { copyFile, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, until } from './net.mjs';
import { runCommand, tail } from './server.mjs';

const here = (file) => fileURLToPath(new URL(file, import.meta.url));

export const examples = ['server.py', 'server.ts'];

// What it is run with. Without the command `tsx`, which is a process of its own, and would leave the server behind.
function command(file) {
  if (!file.endsWith('.py')) return [process.execPath, ['--import', 'tsx', file]];
  const python = process.env.SYMBOLON_TEST_PYTHON;
  if (!python) throw new Error('SYMBOLON_TEST_PYTHON is not set: start the tests with tests/run');
  return [python, [file]];
}

// A directory with a copy of the file, and the packages of these tests where its own would be.
async function copied(file) {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'symbolon-e2e-example-'));
  await copyFile(here(`../../../docs/mcp/${file}`), path.join(dir, file));
  await writeFile(path.join(dir, 'package.json'), '{"type": "module"}');
  await symlink(here('../node_modules'), path.join(dir, 'node_modules'));
  return dir;
}

// The compiler's complaints about the example with `more` at its end; empty when there are none.
export async function typeErrors(file, more = '') {
  const dir = await copied(file);
  try {
    await writeFile(path.join(dir, file), more, { flag: 'a' });
    const flags = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext', '--types', 'node', '--skipLibCheck'];
    return (await runCommand(path.join(dir, 'node_modules', '.bin', 'tsc'), [...flags, file], { cwd: dir, timeout: 120_000 })).stdout;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

// Answers { resource, metadataUrl, output(), stop() } once it listens.
export async function startExample(file, issuer) {
  const origin = `http://127.0.0.1:${await freePort()}`;
  const resource = `${origin}/mcp`;
  const metadataUrl = `${origin}/.well-known/oauth-protected-resource/mcp`;
  const dir = await copied(file);
  const [program, args] = command(file);
  const env = { PATH: process.env.PATH, HOME: dir, ISSUER: issuer, RESOURCE: resource };
  const child = spawn(program, args, { cwd: dir, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', (chunk) => (said += chunk));
  child.stderr.on('data', (chunk) => (said += chunk));
  const kill = () => child.kill('SIGKILL');
  process.on('exit', kill);
  const closed = new Promise((resolve) => child.on('close', resolve));
  const stop = async () => {
    kill();
    await closed;
    process.off('exit', kill);
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await until(
      async () => {
        if (child.exitCode !== null) throw new Error(`${file} ended with ${child.exitCode}`);
        return fetch(metadataUrl).then((answer) => answer.ok, () => false);
      },
      `${file} does not answer`,
      { timeout: 30_000 },
    );
  } catch (error) {
    await stop();
    throw new Error(`${error.message}\n${tail(said)}`);
  }
  return { file, resource, metadataUrl, output: () => said, stop };
}
