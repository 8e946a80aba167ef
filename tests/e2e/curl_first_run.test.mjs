// The README's own first lines, run as they are printed, in an empty directory: every fenced block ```sh first-run.
// Only what a test must not do is changed: port 8080 becomes a free one, and building becomes the built binary.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { launch, press, tab } from './support/browser.mjs';
import { environment, page as ids, setupLink } from './support/contract.mjs';
import { freshDatabase, kind } from './support/database.mjs';
import { shellBlocks } from './support/documented.mjs';
import { freePort, until } from './support/net.mjs';
import { binary, runCommand, tail } from './support/server.mjs';

const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8').catch(() => '');

// What a line is run as here; undefined when there is nothing to do (the binary is built, the directory is empty).
export function translate(line, port) {
  if (/^(git clone|cd |cargo build|cargo install)/.test(line)) return undefined;
  return line
    .replace(/cargo run( --release)?( --quiet| -q)?( --)?(?= |$)/, 'symbolon')
    .replace(/(^|\s)\.?\/?target\/(release|debug)\/symbolon/, '$1symbolon')
    .replaceAll('8080', String(port));
}

// `symbolon`, `symbolon serve …` and `symbolon dev …` stay in the foreground; a trailing & is the reader's business.
export const startsServer = (line) => /^symbolon( +(serve|dev))?( +--?\S+.*)?( *&)?$/.test(line);

test('the blocks of a README are found, translated and told apart', () => {
  const blocks = shellBlocks('x\n```sh first-run\ncargo run --release   # starts\ncurl -s localhost:8080/healthz \\\n  -f\n```\n```sh\nno\n```\n', 'first-run');
  assert.deepEqual(blocks, [['cargo run --release', 'curl -s localhost:8080/healthz -f']]);
  assert.equal(translate('cargo run --release -- dev', 5), 'symbolon dev');
  assert.equal(translate('curl localhost:8080/x', 5), 'curl localhost:5/x');
  assert.equal(translate('cargo build --release', 5), undefined);
  for (const line of ['symbolon', 'symbolon serve', 'symbolon dev --bind 127.0.0.1:0', 'symbolon dev &']) assert.ok(startsServer(line), line);
  for (const line of ['symbolon user list', 'symbolon client create --name x', 'curl x']) assert.ok(!startsServer(line), line);
});

test(`the README's first run works as printed [${kind}]`, async () => {
  const blocks = shellBlocks(readme, 'first-run');
  assert.ok(blocks.length > 0, 'README.md has no block ```sh first-run');
  for (const block of blocks) await runBlock(block);
});

async function runBlock(lines) {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'symbolon-first-run-'));
  const database = await freshDatabase(dir);
  const port = await freePort();
  const home = path.join(dir, '.home');
  await mkdir(home);
  await mkdir(path.join(dir, '.bin'));
  await symlink(binary(), path.join(dir, '.bin', 'symbolon'));
  const env = environment({ home, databaseUrl: database.url, extra: { SYMBOLON_BIND: `127.0.0.1:${port}`, SYMBOLON_MANAGEMENT__BIND: `127.0.0.1:${await freePort()}` } });
  // On SQLite the README's defaults are what is tested: the database lands in the empty directory.
  if (kind === 'sqlite') delete env.SYMBOLON_DATABASE__URL;
  env.PATH = `${path.join(dir, '.bin')}:${env.PATH}`;
  let server;
  let output = '';
  try {
    for (const line of lines) {
      const command = translate(line, port);
      if (command === undefined) continue;
      if (startsServer(command)) {
        if (server) await stop(server);
        // Its own process group, so that what it started ends with it.
        server = spawn('bash', ['-c', `exec ${command.replace(/ *&$/, '')}`], { cwd: dir, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
        output = '';
        server.stdout.on('data', (chunk) => (output += chunk));
        server.stderr.on('data', (chunk) => (output += chunk));
        await until(
          async () => {
            if (server.exitCode !== null) throw new Error(`\`${line}\` ended with ${server.exitCode}\n${output}`);
            return fetch(`http://127.0.0.1:${port}/.well-known/openid-configuration`).then((answer) => answer.ok, () => false);
          },
          () => `\`${line}\` did not start a server on port ${port}\n${output}`,
        );
        const link = setupLink(output);
        if (link) await followSetup(link);
      } else {
        const done = await runCommand('bash', ['-euo', 'pipefail', '-c', command], { cwd: dir, env });
        assert.equal(done.code, 0, `\`${line}\`\n${done.stdout}${done.stderr}\n--- the server said\n${tail(output)}`);
        assert.ok(!/"error"\s*:/.test(done.stdout), `\`${line}\` answered ${done.stdout}`);
      }
    }
  } finally {
    if (server) await stop(server);
    await database.drop();
    await rm(dir, { recursive: true, force: true });
  }
}

async function stop(server) {
  if (server.exitCode === null && server.signalCode === null) {
    const closed = new Promise((resolve) => server.once('close', resolve));
    process.kill(-server.pid, 'SIGTERM');
    const patience = setTimeout(() => process.kill(-server.pid, 'SIGKILL'), 5000);
    await closed;
    clearTimeout(patience);
  }
}

async function followSetup(link) {
  const browser = await launch();
  try {
    const page = await tab(browser);
    await page.goto(link);
    await until(async () => (await page.locator(ids.setup.code).inputValue()) !== '', 'the code of the link is not filled in');
    for (const [field, value] of [['username', 'me'], ['email', 'me@example.com'], ['name', 'Me'], ['password', 'a long enough passphrase 9']]) {
      await page.locator(ids.setup[field]).fill(value);
    }
    await press(page, ids.setup.submit);
    assert.ok(page.document.status() < 400, await page.locator('body').innerText());
  } finally {
    await browser.close();
  }
}
