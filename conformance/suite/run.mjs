#!/usr/bin/env node
// Drives an OpenID Foundation conformance suite that is found at a URL: creates a plan, runs its modules one after the
// other, collects the results and writes a report. The suite itself is not part of this repository.
//
//   node run.mjs --suite https://localhost:8443 --plan oidcc-basic-certification-test-plan \
//        --variant '{"server_metadata":"discovery","client_registration":"static_client"}' --config plans/oidc-static.json
//
//   --token FILE     an API token of the suite (local suites in development mode need none)
//   --only PART      modules whose name contains this
//   --output DIR     where the report and the logs go (default ./conformance-report)
//   --minutes N      patience for one module (default 5)
//   --insecure       accept the suite's self-signed certificate
//
// Ends with 0 if no module failed, 1 if one did, 2 for a wrong call.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';

// What a finished module may say without being a failure.
const FINE = new Set(['PASSED', 'WARNING', 'REVIEW', 'SKIPPED']);
const OVER = new Set(['FINISHED', 'INTERRUPTED']);

export class Suite {
  constructor(url, { token, pause = 1000 } = {}) {
    Object.assign(this, { url: url.replace(/\/$/, ''), token, pause });
  }

  async #call(method, target, body) {
    const headers = { accept: 'application/json' };
    if (this.token) headers.authorization = `Bearer ${this.token}`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const answer = await fetch(`${this.url}${target}`, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${target}: ${answer.status} ${text.slice(0, 300)}`);
    return text ? JSON.parse(text) : undefined;
  }

  // Answers { id, modules: [{ testModule, variant }] }.
  createPlan(name, variant, config) {
    const query = new URLSearchParams({ planName: name, ...(variant ? { variant: JSON.stringify(variant) } : {}) });
    return this.#call('POST', `/api/plan?${query}`, config);
  }

  // Runs one module of a plan to its end. Answers { id, name, status, result }.
  async runModule(plan, { testModule, variant }, patience) {
    const query = new URLSearchParams({ test: testModule, plan, ...(variant ? { variant: JSON.stringify(variant) } : {}) });
    const { id } = await this.#call('POST', `/api/runner?${query}`);
    const end = Date.now() + patience;
    for (;;) {
      const info = await this.#call('GET', `/api/info/${encodeURIComponent(id)}`);
      if (OVER.has(info.status)) return { id, name: testModule, status: info.status, result: info.result ?? 'UNKNOWN' };
      if (Date.now() > end) {
        await this.#call('DELETE', `/api/runner/${encodeURIComponent(id)}`).catch(() => {});
        return { id, name: testModule, status: info.status, result: 'TIMEOUT' };
      }
      await new Promise((resolve) => setTimeout(resolve, this.pause));
    }
  }

  log(id) {
    return this.#call('GET', `/api/log/${encodeURIComponent(id)}`);
  }
}

// The entries of a log that say why a module is not fine.
export const complaints = (log) =>
  (log ?? [])
    .filter((entry) => ['FAILURE', 'WARNING'].includes(entry.result))
    .map((entry) => ({ result: entry.result, source: entry.src, message: entry.msg, requirements: entry.requirements ?? [] }));

// Markdown: a line a module, and the complaints below.
export function report({ suite, plan, planId, results }) {
  const counts = {};
  for (const { result } of results) counts[result] = (counts[result] ?? 0) + 1;
  const summary = Object.entries(counts).sort().map(([result, count]) => `${count} ${result.toLowerCase()}`).join(', ');
  const lines = [`# ${plan}`, '', `Suite: ${suite}, plan ${planId}. ${results.length} modules: ${summary}.`, '', '| module | status | result |', '|---|---|---|'];
  for (const { name, status, result } of results) lines.push(`| ${name} | ${status} | ${result} |`);
  for (const { name, complaints: found } of results.filter((one) => one.complaints.length)) {
    lines.push('', `## ${name}`, '');
    for (const { result, source, message, requirements } of found) {
      lines.push(`- ${result}: ${message} (${[source, ...requirements].filter(Boolean).join(', ')})`);
    }
  }
  return `${lines.join('\n')}\n`;
}

export async function runPlan(suite, { plan, variant, config, only = '', patience, output, say = () => {} }) {
  const { id: planId, modules } = await suite.createPlan(plan, variant, config);
  const results = [];
  await mkdir(path.join(output, 'logs'), { recursive: true });
  for (const module of modules.filter(({ testModule }) => testModule.includes(only))) {
    const done = await suite.runModule(planId, module, patience);
    const log = await suite.log(done.id).catch(() => []);
    await writeFile(path.join(output, 'logs', `${done.name}-${done.id}.json`), `${JSON.stringify(log, null, 2)}\n`);
    results.push({ ...done, complaints: complaints(log) });
    say(`${done.result.padEnd(8)} ${done.name}`);
  }
  await writeFile(path.join(output, `${plan}.md`), report({ suite: suite.url, plan, planId, results }));
  return { planId, results, failed: results.filter(({ result }) => !FINE.has(result)).map(({ name }) => name) };
}

async function main() {
  const { values } = parseArgs({
    options: {
      suite: { type: 'string' },
      plan: { type: 'string' },
      variant: { type: 'string' },
      config: { type: 'string' },
      token: { type: 'string' },
      only: { type: 'string' },
      output: { type: 'string', default: 'conformance-report' },
      minutes: { type: 'string', default: '5' },
      insecure: { type: 'boolean', default: false },
    },
  });
  if (!values.suite || !values.plan || !values.config) {
    console.error('usage: node run.mjs --suite URL --plan NAME --config FILE [--variant JSON] [--only PART] [--output DIR]');
    return 2;
  }
  if (values.insecure) process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
  const token = values.token ? (await readFile(values.token, 'utf8')).trim() : undefined;
  const { failed, results } = await runPlan(new Suite(values.suite, { token }), {
    plan: values.plan,
    variant: values.variant ? JSON.parse(values.variant) : undefined,
    config: JSON.parse(await readFile(values.config, 'utf8')),
    only: values.only,
    patience: Number(values.minutes) * 60_000,
    output: values.output,
    say: console.log,
  });
  console.log(`${results.length - failed.length} of ${results.length} modules are fine; the report is in ${values.output}`);
  return failed.length ? 1 : 0;
}

if (process.argv[1] && import.meta.filename === path.resolve(process.argv[1])) {
  process.exitCode = await main().catch((error) => {
    console.error(error.message);
    return 2;
  });
}
