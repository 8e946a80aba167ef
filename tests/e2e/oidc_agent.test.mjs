// oidc-agent (Debian's), the tool of people at a shell: it is made a client or registers itself, somebody signs in in
// the browser, then there are tokens without asking again, until the account is deleted.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { consent, press, signIn, tab } from './support/browser.mjs';
import { page as ids, registrationTokenArguments, users } from './support/contract.mjs';
import { until } from './support/net.mjs';
import { setPolicy } from './support/registration.mjs';
import { runCommand } from './support/server.mjs';
import { suite } from './support/suite.mjs';

const agent = {};
const run = suite({
  prepare: async () => {
    const home = await mkdtemp(path.join(os.tmpdir(), 'symbolon-e2e-agent-'));
    const env = { PATH: process.env.PATH, HOME: home, OIDC_CONFIG_DIR: home };
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

const password = '--pw-cmd=echo a-password-of-the-test';

// Runs oidc-gen for an account of this name. `during(said)` is what a person does meanwhile, after what it says.
// Answers { code, said }.
async function generate({ issuer }, name, more, during) {
  const args = [name, `--issuer=${issuer}`, '--scope=openid profile offline_access', password, '--prompt=none', '--confirm-default', '--no-url-call', ...more];
  const child = spawn('oidc-gen', args, { env: agent.env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', (chunk) => (said += chunk));
  child.stderr.on('data', (chunk) => (said += chunk));
  const ended = new Promise((resolve) => child.on('close', resolve));
  try {
    await during?.((pattern) => until(() => said.match(pattern)?.[1], () => `oidc-gen does not say ${pattern}\n${said}`));
    return { code: await ended, said };
  } finally {
    child.kill('SIGKILL');
  }
}

// Has oidc-gen do something with an account that is there. Answers what it says.
async function gen(option, name, ...more) {
  const done = await runCommand('oidc-gen', [option, name, password, ...more], { env: agent.env });
  assert.equal(done.code, 0, done.stderr);
  return done.stdout + done.stderr;
}

// What alice does with the code that a device flow shows.
const allowDevice = (browser) => async (said) => {
  const code = await said(/enter the code: ([A-Z-]+)\s/);
  const page = await tab(browser);
  await page.goto(await said(/visit:\s+(\S+)/));
  await page.locator(ids.device.code).fill(code);
  await press(page, ids.device.submit);
  await signIn(page, users.alice);
  await page.locator(ids.approve.startedHere).check();
  await press(page, ids.approve.allow);
  await page.context().close();
};

async function token(name, more = []) {
  const got = await runCommand('oidc-token', [name, ...more], { env: agent.env });
  assert.equal(got.code, 0, got.stderr);
  return got.stdout.trim();
}

// The answer to UserInfo of whom a token is for.
const userInfo = (server, accessToken) => fetch(server.metadata.userinfo_endpoint, { headers: { authorization: `Bearer ${accessToken}` } });

// The account has tokens of alice, and gets a new one, by the refresh token, when that is asked for.
async function hasTokensOfAlice(server, name) {
  const tokens = [await token(name), await token(name, ['--force-new'])];
  for (const each of tokens) assert.equal((await (await userInfo(server, each)).json()).preferred_username, 'alice');
  assert.notEqual(tokens[0], tokens[1]);
  return tokens[1];
}

// The clients that registered themselves for this account, as an administrator sees them.
async function registered(server, name) {
  const clients = await server.cli(['client', 'list', '--json']);
  return clients.filter((client) => client.owner === 'dcr' && client.client_name.startsWith(`oidc-agent:${name}`));
}

const grants = (...more) => ['authorization_code', 'refresh_token', ...more];

run.test('oidc-gen shows a code, a person allows it, and oidc-token gets fresh tokens', async ({ server, browser }) => {
  // It always authenticates, with an empty secret if it has none: so it gets one.
  const client = await server.createClient({
    kind: 'web',
    name: 'oidc-agent',
    authMethod: 'client_secret_basic',
    grantTypes: ['device_code', 'refresh_token'],
    scopes: ['openid', 'profile', 'offline_access'],
  });
  const known = ['--flow=device', `--client-id=${client.id}`, `--client-secret=${client.secret}`, '--redirect-uri=http://localhost:4242'];
  const { code, said } = await generate(server, 'made', known, allowDevice(browser));
  assert.equal(code, 0, said);
  await hasTokensOfAlice(server, 'made');
});

// Debian's oidc-agent cannot merge an answer that has a boolean in it into what it saves, shows it to the person
// instead, and forgets by which token it may delete its client: here the person saves it, as they are told.
async function saveWhatWasShown(name, said) {
  const shown = said.match(/save the following content to another location\.\s+(\{[\s\S]*?\n\})/)?.[1];
  if (!shown) return;
  const saved = await gen('--print', name);
  await writeFile(path.join(agent.env.OIDC_CONFIG_DIR, name), JSON.stringify({ ...JSON.parse(shown), ...JSON.parse(saved) }));
  await gen('--update', name);
}

run.test('oidc-gen registers itself for a device flow, if the policy has that grant, and deletes its client', async ({ server, browser }) => {
  await setPolicy(server, { registration: 'open', quarantine: 'false', 'grant-type': grants() });
  const refused = await generate(server, 'stranger', ['--flow=device']);
  assert.notEqual(refused.code, 0, refused.said);
  assert.match(refused.said, /invalid_client_metadata: AS-1414: grant_types/);
  assert.deepEqual(await registered(server, 'stranger'), []);

  await setPolicy(server, { registration: 'open', 'grant-type': grants('device_code') });
  const { code, said } = await generate(server, 'stranger', ['--flow=device'], allowDevice(browser));
  assert.equal(code, 0, said);
  const accessToken = await hasTokensOfAlice(server, 'stranger');
  const [client, ...more] = await registered(server, 'stranger');
  assert.deepEqual(more, []);
  assert.equal(client.scope, 'openid profile offline_access');
  // It says that it is a web app, which has no scheme of its own.
  assert.ok(client.redirect_uris.includes('edu.kit.data.oidc-agent:/redirect'), client.redirect_uris);
  assert.equal(client.kind, 'native');

  await saveWhatWasShown('stranger', said);
  assert.match(await gen('--delete', 'stranger', '--confirm-yes'), /Deleted oidc client/);
  assert.deepEqual(await registered(server, 'stranger'), []);
  assert.equal((await userInfo(server, accessToken)).status, 401);
});

run.test('with an initial access token oidc-gen registers for all that it may have, and its own web server gets the code', async ({ server, browser }) => {
  await setPolicy(server, { registration: 'token', quarantine: 'true', 'grant-type': grants() });
  const refused = await generate(server, 'guest', ['--flow=code']);
  assert.notEqual(refused.code, 0, refused.said);
  assert.match(refused.said, /invalid_token: AS-1401/);

  const { initial_access_token: invitation } = await server.cli(registrationTokenArguments({ label: 'for oidc-gen' }));
  const { code, said } = await generate(server, 'guest', ['--flow=code', '--scope-max', `--at=${invitation}`], async (saying) => {
    const page = await tab(browser);
    await page.goto(await saying(/(http\S+\/authorize\?\S+)\s/));
    await signIn(page, users.alice);
    await consent(page);
    assert.match(await page.locator('body').innerText(), /Successfully performed code exchange/);
    assert.equal(new URL(page.url()).hostname, 'localhost');
    await page.context().close();
  });
  assert.equal(code, 0, said);
  const accessToken = await hasTokensOfAlice(server, 'guest');
  const [client, ...more] = await registered(server, 'guest');
  assert.deepEqual(more, []);
  // The metadata names more scopes than a stranger may have, and the agent asks for what it has got.
  assert.equal(client.scope, 'openid profile email address phone offline_access');

  // Its tokens end with the account, whether or not it still knows how to delete its client.
  await gen('--delete', 'guest', '--confirm-yes');
  assert.equal((await userInfo(server, accessToken)).status, 401);

  const again = await generate(server, 'other', ['--flow=code', `--at=${invitation}`]);
  assert.match(again.said, /invalid_token: AS-1402/, 'the token was for one client');
});
