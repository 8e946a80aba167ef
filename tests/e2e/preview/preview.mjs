// Looks at every server-rendered page with a real browser: pictures in light and dark at phone
// and desktop width, accessibility (axe, WCAG 2.2 AA and best practice), the content security
// policy, and no sideways scrolling at 320 px.
//
//   SYMBOLON_PREVIEW_DIR=/tmp/pages cargo test --lib http::pages::tests::preview
//   SYMBOLON_PREVIEW_DIR=/tmp/pages npm run preview [-- name-prefix]
import { createServer } from "node:http";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, normalize } from "node:path";
import { chromium } from "playwright-core";

const folder = process.env.SYMBOLON_PREVIEW_DIR;
if (!folder) throw new Error("set SYMBOLON_PREVIEW_DIR to the folder that the preview test wrote");
const prefix = process.argv[2] ?? "";
const pages = JSON.parse(await readFile(join(folder, "pages.json"), "utf8"));
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const types = { css: "text/css", js: "text/javascript", svg: "image/svg+xml" };

const server = createServer(async (request, response) => {
  const path = normalize(decodeURIComponent(new URL(request.url, "http://x").pathname));
  try {
    if (path.startsWith("/assets/")) {
      const type = types[path.split(".").pop()] ?? "application/octet-stream";
      response.writeHead(200, { "Content-Type": type, "X-Content-Type-Options": "nosniff" });
      response.end(await readFile(join(folder, path)));
      return;
    }
    const name = path.slice(1);
    const html = await readFile(join(folder, `${name}.html`));
    response.writeHead(200, { ...Object.fromEntries(pages[name]), "Content-Type": "text/html; charset=utf-8" });
    response.end(html);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const origin = `http://127.0.0.1:${server.address().port}`;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});

const faults = [];
let checks = 0;
await mkdir(join(folder, "shots"), { recursive: true });

async function open(context, name) {
  const page = await context.newPage();
  const fault = (text) => faults.push(`${name}: ${text}`);
  page.on("console", (message) => message.type() === "error" && fault(message.text()));
  page.on("pageerror", (error) => fault(error.message));
  page.on("dialog", (dialog) => (fault(`dialog ${dialog.message()}`), dialog.dismiss()));
  // The form_post page sends itself on; what we look at is the page before that.
  await page.route("**/form-post.js", (route) => route.fulfill({ contentType: "text/javascript", body: "" }));
  await page.goto(`${origin}/${name}`);
  return page;
}

async function checkAxe(page, name) {
  // Through the debugger, as the policy of the page lets no foreign script in.
  await page.evaluate(axe);
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const result = await page.evaluate((values) => globalThis.axe.run({ runOnly: values }), tags);
  for (const violation of result.violations) {
    const where = violation.nodes.map((node) => `${node.target} ${node.failureSummary}`).join("\n    ");
    faults.push(`${name}: axe ${violation.id}: ${violation.help}\n    ${where}`);
  }
  checks += result.passes.length;
}

async function checkTargets(page, name) {
  const small = await page.evaluate(() =>
    [...document.querySelectorAll("button, .btn, input:not([type=hidden]), select, summary, .tile")]
      .filter((element) => element.checkVisibility() && element.getBoundingClientRect().height < 44)
      .map((element) => element.id || element.textContent.trim()),
  );
  if (small.length) faults.push(`${name}: targets under 44 px: ${small}`);
}

async function look(colorScheme, width) {
  const context = await browser.newContext({ colorScheme, viewport: { width, height: width > 500 ? 800 : 760 } });
  for (const name of Object.keys(pages).filter((name) => name.startsWith(prefix))) {
    const strange = /^(endless|hostile)-/.test(name);
    if (strange && colorScheme === "dark") continue;
    const label = `${name} ${colorScheme} ${width}`;
    const page = await open(context, name);
    // Folded parts count too; at 390 px they stay closed, as a person finds them.
    if (width !== 390) await page.evaluate(() => document.querySelectorAll("details").forEach((part) => (part.open = true)));
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (wide > 0) faults.push(`${label}: ${wide} px wider than the window`);
    await checkTargets(page, label);
    if (!strange && width > 320) await checkAxe(page, label);
    if (width > 320 || strange) {
      const path = join(folder, "shots", `${name}-${colorScheme}-${width}.png`);
      await page.screenshot({ path, fullPage: true });
    }
    await page.close();
  }
  await context.close();
}
for (const colorScheme of ["light", "dark"]) {
  await Promise.all([320, 390, 1280].map((width) => look(colorScheme, width)));
}

// The two scripts do their one thing, and the pages stand without them.
const context = await browser.newContext();
const setup = await open(context, "setup#k=H7QM-2VXD-RNPC");
const filled = await setup.evaluate(() => [document.getElementById("code").value, location.hash, document.activeElement.id]);
if (filled.join() !== "H7QM-2VXD-RNPC,,username") faults.push(`setup.js left ${filled}`);
const formPost = await context.newPage();
let sent = null;
await formPost.route("https://grafana.example.com/**", (route) => {
  sent = route.request().postData();
  return route.fulfill({ body: "arrived" });
});
await formPost.goto(`${origin}/form-post`);
await formPost.waitForURL("https://grafana.example.com/**", { timeout: 5000 }).catch(() => {});
if (!sent?.startsWith("code=sym_ac_x&state=")) faults.push(`form-post.js sent ${sent}`);

await browser.close();
server.close();
console.log(`${Object.keys(pages).length} pages, ${checks} axe rules passed, ${faults.length} faults`);
for (const fault of faults) console.log(`- ${fault}`);
process.exitCode = faults.length ? 1 : 0;
