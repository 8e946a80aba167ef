// What every page owes: accessibility, headers, a quiet console, and a layout that fits, in light and dark,
// on a phone and on a desk. Leaves a screenshot of each.
import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { headerFaults } from './browser.mjs';

const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const screenshots = path.resolve(process.env.SYMBOLON_SCREENSHOTS ?? 'target/screenshots');

async function accessibilityFaults(page) {
  // As an expression and not as a script element: the page's CSP forbids the latter, rightly.
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate((values) => globalThis.axe.run({ runOnly: { type: 'tag', values }, resultTypes: ['violations'], preload: false }), rules);
  return violations.map((found) => `${found.id}: ${found.help} (${found.nodes.map((node) => `${node.target.join(' ')} ${node.failureSummary?.split('\n')[1]?.trim() ?? ''}`).join('; ')})`);
}

// `interaction`: a page whose form may end at a client (no form-action in its CSP).
// `frames`: the origins that it loads in frames.
export async function audit(page, name, { interaction = false, frames } = {}) {
  await mkdir(screenshots, { recursive: true });
  const faults = await headerFaults(page, { interaction, frames });
  assert.notEqual(await page.title(), '', 'a page has a title');
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [1280, 390]) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.setViewportSize({ width, height: width === 390 ? 844 : 800 });
      await page.screenshot({ path: path.join(screenshots, `${name}-${colorScheme}-${width}.png`), fullPage: true });
      for (const fault of await accessibilityFaults(page)) faults.push(`axe, ${colorScheme} at ${width} px: ${fault}`);
    }
  }
  await page.setViewportSize({ width: 320, height: 640 });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  if (wide > 320) faults.push(`scrolls sideways at 320 px: ${wide} px wide`);
  faults.push(...page.complaints.splice(0));
  assert.deepEqual(faults, [], `${name} at ${page.url()}`);
}
