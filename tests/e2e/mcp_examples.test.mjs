// The example servers of docs/mcp protect their tool: real clients sign in at them with nothing but what the document
// says was typed, and whatever is no token for them is refused.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import * as jose from 'jose';
import { users } from './support/contract.mjs';
import { shellBlocks } from './support/documented.mjs';
import { forgeIssuer } from './support/forged_issuer.mjs';
import { call, Provider, signInAndCall } from './support/mcp_client.mjs';
import { examples, startExample, typeErrors } from './support/mcp_example.mjs';
import { policyHolds } from './support/registration.mjs';
import { binary, runCommand } from './support/server.mjs';
import { suite } from './support/suite.mjs';

const scope = 'tools.call';
const servers = {}; // by file
let service;

// Types the commands of the document at the issuer; only the server's address is another one here.
async function typeWhatIsDocumented({ dir, env }, resource) {
  const blocks = shellBlocks(await readFile(new URL('../../docs/mcp.md', import.meta.url), 'utf8'), 'mcp');
  assert.ok(blocks.length > 0, 'docs/mcp.md has no block ```sh mcp');
  for (const line of blocks.flat()) {
    const typed = line.replace(/^symbolon /, '"$SYMBOLON" ').replace('https://mcp.example.com/mcp', resource);
    const done = await runCommand('bash', ['-euo', 'pipefail', '-c', typed], { cwd: dir, env: { ...env, SYMBOLON: binary() } });
    assert.equal(done.code, 0, `\`${line}\`\n${done.stdout}${done.stderr}`);
  }
}

const run = suite({
  prepare: async ({ server }) => {
    const started = await Promise.all(examples.map((file) => startExample(file, server.issuer)));
    for (const example of started) {
      servers[example.file] = example;
      await typeWhatIsDocumented(server, example.resource);
      await server.cli(['api', 'scope', 'add', example.resource, 'tools.list', 'See what tools there are']);
    }
    await policyHolds(server, { registration: 'open', documents: 'any' });
    service = await server.createClient({ kind: 'machine', name: 'Reports', scopes: [scope, 'tools.list'] });
    return () => Promise.all(started.map((example) => example.stop()));
  },
});

// The first request of a client, with a token or without: { status, challenge }.
async function ask(resource, token) {
  const answer = await fetch(resource, {
    method: 'POST',
    // A connection of its own: after a 500 the server closes the one that it came by.
    headers: { connection: 'close', 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'e2e', version: '1.0.0' } } }),
  });
  await answer.text();
  return { status: answer.status, challenge: answer.headers.get('www-authenticate') };
}

async function assertRefused({ resource, metadataUrl, output }, token, which) {
  const { status, challenge } = await ask(resource, token);
  assert.equal(status, 401, `${which}\n${output()}`);
  assert.match(challenge, /^Bearer .*error="invalid_token"/, which);
  assert.ok(challenge.includes(`resource_metadata="${metadataUrl}"`), challenge);
}

async function assertScopeMissing({ resource, output }, token) {
  const { status, challenge } = await ask(resource, token);
  assert.equal(status, 403, output());
  assert.match(challenge, /^Bearer .*error="insufficient_scope"/);
}

// A token for a service at the real issuer.
async function serviceToken(server, resource, wanted) {
  const answer = await fetch(server.metadata.token_endpoint, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${service.id}:${service.secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: wanted, resource }),
  });
  const tokens = await answer.json();
  assert.equal(answer.status, 200, JSON.stringify(tokens));
  return tokens.access_token;
}

for (const file of examples) {
  run.test(`${file} says where to sign in, and that alone, to whoever has no token`, async ({ server }) => {
    const example = servers[file];
    await assertRefused(example, undefined, 'no token');
    const metadata = await (await fetch(example.metadataUrl)).json();
    assert.equal(metadata.resource, example.resource);
    assert.deepEqual(metadata.authorization_servers, [server.issuer]);
    assert.deepEqual(metadata.scopes_supported, [scope]);
    for (const method of ['GET', 'DELETE']) assert.equal((await fetch(example.resource, { method })).status, 401, method);
  });

  run.test(`${file} passes every check that is made before a client tries`, async ({ server }) => {
    const checked = await runCommand(binary(), ['mcp', 'check', servers[file].resource, '--json'], { cwd: server.dir, env: server.env });
    assert.equal(checked.code, 0, checked.stdout + checked.stderr);
    const { findings } = JSON.parse(checked.stdout);
    // Whether an API is listed in the metadata is the administrator's choice.
    const unlisted = ['scopes_known'];
    const bad = findings.filter(({ check, verdict }) => verdict !== 'ok' && !unlisted.includes(check));
    assert.deepEqual(bad, []);
    assert.ok(findings.some(({ check }) => check === 'jwks_uri'), checked.stdout);
  });

  run.test(`at ${file} the SDK signs alice and bob in unassisted, and its tool tells them apart`, async (shared) => {
    const { resource } = servers[file];
    const [alice, bob] = [new Provider(), new Provider()];
    const sub = await signInAndCall(shared, resource, alice, users.alice);
    assert.equal(sub, jose.decodeJwt(alice.kept.tokens.access_token).sub);
    const other = await signInAndCall(shared, resource, bob, users.bob);
    assert.notEqual(other, sub);
    assert.equal(await call(resource, alice), sub);
  });

  run.test(`${file} refuses a token for another server, one without the scope, and what is none`, async ({ server }) => {
    const example = servers[file];
    const another = servers[examples.find((other) => other !== file)];
    const token = await serviceToken(server, example.resource, scope);
    assert.equal((await ask(example.resource, token)).status, 200, example.output());
    await assertRefused(example, await serviceToken(server, another.resource, scope), 'for another server');
    await assertScopeMissing(example, await serviceToken(server, example.resource, 'tools.list'));
    for (const garbage of ['x', 'a.b.c', '..', 'e30.e30.', `${token}x`, token.slice(0, -8), `${token}.${token}`, service.secret]) {
      await assertRefused(example, garbage, garbage);
    }
  });

  run.test(`${file} believes nothing but an access token that its issuer signed for it`, async ({ server }, t) => {
    const forged = await forgeIssuer(server.metadata);
    t.after(forged.stop);
    const example = await startExample(file, forged.issuer);
    t.after(example.stop);
    const { resource } = example;
    const now = Math.floor(Date.now() / 1000);
    const fine = { iss: forged.issuer, aud: resource, sub: 'somebody', client_id: 'an-agent', scope, iat: now, exp: now + 300, jti: 'once' };
    const without = (claim) => Object.fromEntries(Object.entries(fine).filter(([name]) => name !== claim));

    // While the keys cannot be had, no token is called wrong.
    forged.keys.served = false;
    assert.equal((await ask(resource, await forged.sign(fine))).status, 500);
    forged.keys.served = true;
    for (const good of [fine, { ...fine, aud: [forged.issuer, resource] }, { ...fine, scope: `openid ${scope}` }]) {
      assert.equal((await ask(resource, await forged.sign(good))).status, 200, example.output());
    }
    const wrong = {
      'an ID token': await forged.sign(fine, { typ: 'JWT' }),
      'without a type': await forged.sign(fine, { typ: undefined }),
      'of the past': await forged.sign({ ...fine, exp: now - 10 }),
      'of the future': await forged.sign({ ...fine, nbf: now + 100 }),
      'of another issuer': await forged.sign({ ...fine, iss: server.issuer }),
      'for another server': await forged.sign({ ...fine, aud: new URL('/', resource).href }),
      'for something below it': await forged.sign({ ...fine, aud: `${resource}/tools` }),
      'bound to a key': await forged.sign({ ...fine, cnf: { jkt: 'a-thumbprint' } }),
      'by another key': await forged.signWith((await jose.generateKeyPair('RS256')).privateKey, fine),
      'by a key that nobody knows': await forged.sign(fine, { kid: 'another-key' }),
      'by the public key': await forged.signWithPublicKey(fine),
      'by nobody': forged.unsigned(fine),
    };
    for (const claim of ['iss', 'aud', 'sub', 'exp', 'client_id']) wrong[`without ${claim}`] = await forged.sign(without(claim));
    for (const [which, token] of Object.entries(wrong)) await assertRefused(example, token, which);
    for (const less of [without('scope'), { ...fine, scope: '' }, { ...fine, scope: `${scope}er` }]) await assertScopeMissing(example, await forged.sign(less));
  });
}

test('server.ts is what a strict compiler takes', async () => {
  assert.equal(await typeErrors('server.ts'), '');
  assert.match(await typeErrors('server.ts', 'const port: number = RESOURCE;\n'), /not assignable to type 'number'/);
});
