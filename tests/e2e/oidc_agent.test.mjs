// oidc-agent (Debian's), the tool of people at a shell: a device flow in the browser, then tokens without asking again.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { press, signIn, tab } from './support/browser.mjs';
import { page as ids, users } from './support/contract.mjs';
import { until } from './support/net.mjs';
import { runCommand } from './support/server.mjs';
import { suite } from './support/suite.mjs';

const agent = {};
const run = suite({
  prepare: async () => {
    const home = await mkdtemp(path.join(os.tmpdir(), 'symbolon-e2e-agent-'));
    const env = { PATH: process.env.PATH, HOME: home };
    const started = await runCommand('oidc-agent', ['--no-autoload'], { env });
    const found = Object.fromEntries([...started.stdout.matchAll(/^(OIDC\w*)=([^;]+);/gm)].map(([, name, value]) => [name, value]));
    assert.ok(found.OIDCD_PID, started.stdout + started.stderr);
    agent.env = { ...env, ...found };
    return async () => {
      process.kill(Number(found.OIDCD_PID), 'SIGTERM');
      await rm(home, { recursive: true, force: true });
    };
  },
});

run.test('oidc-gen shows a code, a person allows it, and oidc-token gets fresh tokens', async ({ server, browser }) => {
  // It always authenticates, with an empty secret if it has none: so it gets one.
  const client = await server.createClient({
    kind: 'web',
    name: 'oidc-agent',
    authMethod: 'client_secret_basic',
    grantTypes: ['device_code', 'refresh_token'],
    scopes: ['openid', 'profile', 'offline_access'],
  });
  const generator = spawn(
    'oidc-gen',
    [
      'e2e', '--flow=device', `--issuer=${server.issuer}`, `--client-id=${client.id}`, `--client-secret=${client.secret}`, '--scope=openid profile offline_access',
      '--redirect-uri=http://localhost:4242', '--pw-cmd=echo a-password-of-the-test', '--prompt=none', '--confirm-default', '--no-url-call',
    ],
    { env: agent.env, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let said = '';
  generator.stdout.on('data', (chunk) => (said += chunk));
  generator.stderr.on('data', (chunk) => (said += chunk));
  const ended = new Promise((resolve) => generator.on('close', resolve));
  try {
    const code = await until(() => said.match(/enter the code: ([A-Z-]+)/)?.[1], () => `oidc-gen shows no code\n${said}`);
    const page = await tab(browser);
    await page.goto(said.match(/visit:\s+(\S+)/)[1]);
    await page.locator(ids.device.code).fill(code);
    await press(page, ids.device.submit);
    await signIn(page, users.alice);
    await page.locator(ids.approve.startedHere).check();
    await press(page, ids.approve.allow);
    assert.equal(await ended, 0, said);
    await page.context().close();
  } finally {
    generator.kill('SIGKILL');
  }

  const tokens = [];
  // The second one is forced to be a new one, by the refresh token.
  for (const more of [[], ['--force-new']]) {
    const got = await runCommand('oidc-token', ['e2e', ...more], { env: agent.env });
    assert.equal(got.code, 0, got.stderr);
    tokens.push(got.stdout.trim());
    const answer = await fetch(server.metadata.userinfo_endpoint, { headers: { authorization: `Bearer ${tokens.at(-1)}` } });
    assert.equal((await answer.json()).preferred_username, 'alice');
  }
  assert.notEqual(tokens[0], tokens[1]);
});
