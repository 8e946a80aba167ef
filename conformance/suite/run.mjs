#!/usr/bin/env node
// Drives an OpenID Foundation conformance suite that is found at a URL: creates plans, runs their modules one after the
// other, collects the results and writes a report of each. The suite itself is not part of this repository.
//
//   node run.mjs --suite https://localhost:8443 target/conformance/plans/*.json
//   node run.mjs --suite https://localhost:8443 --plan oidcc-basic-certification-test-plan target/conformance/plans/oidc-static.json
//
// A file is a plan configuration, as conformance/seed writes it. Its member `runs` says which plans it is for, and in which
// variants; it is not sent to the suite.
//
//   --plan NAME      of the runs of the files only this plan; in the variant of --variant if no file has such a run
//   --variant JSON   on top of the variant of each run: what a newer suite wants to know besides
//   --config FILE    one more file
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

// The runs of a file: { plan, variant, config } of each.
export async function runsOf(file, { plan, variant } = {}) {
  const { runs = [], ...config } = JSON.parse(await readFile(file, 'utf8'));
  const asked = runs.filter((run) => !plan || run.plan === plan);
  if (plan && asked.length === 0) asked.push({ plan });
  if (asked.length === 0) throw new Error(`${file} names no runs: say --plan`);
  return asked.map((run) => {
    const merged = { ...run.variant, ...variant };
    return { plan: run.plan, variant: Object.keys(merged).length ? merged : undefined, config };
  });
}

// Where the report of a run goes: two runs of one plan differ in file or variant.
const folderOf = (output, file, number) => path.join(output, `${path.basename(file, '.json')}${number ? `-${number + 1}` : ''}`);

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      suite: { type: 'string' },
      plan: { type: 'string' },
      variant: { type: 'string' },
      config: { type: 'string', multiple: true, default: [] },
      token: { type: 'string' },
      only: { type: 'string' },
      output: { type: 'string', default: 'conformance-report' },
      minutes: { type: 'string', default: '5' },
      insecure: { type: 'boolean', default: false },
    },
  });
  const files = [...values.config, ...positionals];
  if (!values.suite || files.length === 0) {
    console.error('usage: node run.mjs --suite URL FILE... [--plan NAME] [--variant JSON] [--only PART] [--output DIR]');
    return 2;
  }
  if (values.insecure) process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
  const token = values.token ? (await readFile(values.token, 'utf8')).trim() : undefined;
  const suite = new Suite(values.suite, { token });
  const asked = { plan: values.plan, variant: values.variant ? JSON.parse(values.variant) : undefined };
  const bad = [];
  let modules = 0;
  for (const file of files) {
    for (const [number, run] of (await runsOf(file, asked)).entries()) {
      const output = folderOf(values.output, file, number);
      console.log(`${run.plan} ${JSON.stringify(run.variant ?? {})}`);
      const { failed, results } = await runPlan(suite, { ...run, only: values.only, patience: Number(values.minutes) * 60_000, output, say: console.log });
      bad.push(...failed);
      modules += results.length;
    }
  }
  console.log(`${modules - bad.length} of ${modules} modules are fine; the reports are in ${values.output}`);
  return bad.length ? 1 : 0;
}

if (process.argv[1] && import.meta.filename === path.resolve(process.argv[1])) {
  process.exitCode = await main().catch((error) => {
    console.error(error.message);
    return 2;
  });
}
