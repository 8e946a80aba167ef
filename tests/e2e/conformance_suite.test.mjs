// The runner of conformance/suite against a stand-in that speaks the suite's API: it runs every module, waits for each,
// and reports what failed and why.
import assert from 'node:assert/strict';
import { mkdtemp, readFile } from 'node:fs/promises';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { runCommand } from './support/server.mjs';

const RUNNER = fileURLToPath(new URL('../../conformance/suite/run.mjs', import.meta.url));
const MODULES = {
  'oidcc-server': { result: 'PASSED', log: [{ src: 'CheckIssuer', msg: 'fine', result: 'SUCCESS' }] },
  'oidcc-codereuse': { result: 'FAILED', log: [{ src: 'CheckError', msg: 'the code was accepted twice', result: 'FAILURE', requirements: ['RFC6749-4.1.2'] }] },
  'oidcc-slow': { result: 'WARNING', rounds: 3, log: [{ src: 'CheckClaims', msg: 'name is missing', result: 'WARNING' }] },
};

async function standIn() {
  const seen = { plan: undefined, token: undefined, started: [] };
  const rounds = {};
  const server = http.createServer((request, response) => {
    const url = new URL(request.url, 'http://suite');
    const [, , kind, id] = url.pathname.split('/');
    seen.token = request.headers.authorization;
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      const say = (value) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
      if (request.method === 'POST' && kind === 'plan') {
        seen.plan = { name: url.searchParams.get('planName'), variant: url.searchParams.get('variant'), config: JSON.parse(body) };
        return say({ id: 'plan-1', modules: Object.keys(MODULES).map((testModule) => ({ testModule, variant: { a: 'b' } })) });
      }
      if (request.method === 'POST' && kind === 'runner') {
        seen.started.push(url.searchParams.get('test'));
        return say({ id: url.searchParams.get('test') });
      }
      if (kind === 'info') {
        rounds[id] = (rounds[id] ?? 0) + 1;
        const over = rounds[id] > (MODULES[id].rounds ?? 1);
        return say(over ? { status: 'FINISHED', result: MODULES[id].result } : { status: 'RUNNING' });
      }
      if (kind === 'log') return say(MODULES[id].log);
      return response.writeHead(404).end();
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, seen, url: `http://127.0.0.1:${server.address().port}` };
}

test('the runner drives a suite to the end, and its report names what failed and why', async () => {
  const { server, seen, url } = await standIn();
  try {
    const output = await mkdtemp(path.join(os.tmpdir(), 'symbolon-suite-'));
    const config = fileURLToPath(new URL('../../conformance/suite/plans/oidc-static.json', import.meta.url));
    const done = await runCommand('node', [RUNNER, '--suite', url, '--plan', 'oidcc-basic', '--config', config, '--variant', '{"x":"y"}', '--output', output]);
    assert.equal(done.code, 1, done.stdout + done.stderr);
    assert.deepEqual(seen.started, Object.keys(MODULES));
    assert.equal(seen.plan.name, 'oidcc-basic');
    assert.deepEqual(JSON.parse(seen.plan.variant), { x: 'y' });
    assert.equal(typeof seen.plan.config.server.discoveryUrl, 'string');
    assert.equal(seen.plan.config.runs, undefined, 'what to run is not for the suite');
    const report = await readFile(path.join(output, 'oidc-static', 'oidcc-basic.md'), 'utf8');
    assert.match(report, /3 modules: 1 failed, 1 passed, 1 warning/);
    assert.match(report, /\| oidcc-codereuse \| FINISHED \| FAILED \|/);
    assert.match(report, /the code was accepted twice \(CheckError, RFC6749-4\.1\.2\)/);
    const only = await runCommand('node', [RUNNER, '--suite', url, '--plan', 'oidcc-basic', '--config', config, '--only', 'slow', '--output', output]);
    assert.equal(only.code, 0, only.stdout + only.stderr);
    // Without a plan, all that the file is for: two runs of one plan, each with a report of its own.
    const fapi = fileURLToPath(new URL('../../conformance/suite/plans/fapi1-pkj.json', import.meta.url));
    const all = await runCommand('node', [RUNNER, '--suite', url, fapi, '--variant', '{"more":"yes"}', '--only', 'slow', '--output', output]);
    assert.equal(all.code, 0, all.stdout + all.stderr);
    assert.equal(seen.plan.name, 'fapi1-advanced-final-test-plan');
    assert.deepEqual(JSON.parse(seen.plan.variant), {
      client_auth_type: 'private_key_jwt',
      fapi_auth_request_method: 'pushed',
      fapi_profile: 'plain_fapi',
      fapi_response_mode: 'plain_response',
      more: 'yes',
    });
    for (const folder of ['fapi1-pkj', 'fapi1-pkj-2']) await readFile(path.join(output, folder, 'fapi1-advanced-final-test-plan.md'), 'utf8');
  } finally {
    server.close();
  }
});

test('a wrong call, and a suite that is not there, end with 2', async () => {
  assert.equal((await runCommand('node', [RUNNER])).code, 2);
  const config = fileURLToPath(new URL('../../conformance/suite/plans/oidc-static.json', import.meta.url));
  const away = await runCommand('node', [RUNNER, '--suite', 'http://127.0.0.1:9', '--plan', 'p', '--config', config]);
  assert.equal(away.code, 2, away.stdout + away.stderr);
});
