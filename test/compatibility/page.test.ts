/** Looks at the simulator's page in Chromium. With `UPDATE_IMAGES=1` also takes the picture for docs/simulator.md. */
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { startDmsSimulator } from '../../src/simulator/index.js';
import { call, look } from '../support/dms-http.js';
import { until } from '../support/stage.js';
import { installPackage } from './support.js';

interface Page {
  goto(url: string): Promise<unknown>;
  setViewport(size: { width: number; height: number }): Promise<void>;
  waitForFunction(what: string): Promise<unknown>;
  evaluate(what: string): Promise<any>;
  screenshot(options: { path: string }): Promise<unknown>;
  on(event: 'pageerror', listener: (err: Error) => void): void;
}

test('the page shows each replication live, and shows inserted markup as text', async () => {
  const chromium = await installPackage('@sparticuz/chromium', '138.0.2');
  const puppeteer = await installPackage('puppeteer-core', '24.10.0');
  const load = (folder: string, file: string) => import(pathToFileURL(join(folder, file)).href);
  const { default: binary } = await load(chromium, 'build/esm/index.js');
  const { default: driver } = await load(puppeteer, 'lib/esm/puppeteer/puppeteer-core.js');
  const simulator = await startDmsSimulator({ speed: 0 });
  const browser = await driver.launch({
    args: binary.args,
    executablePath: await binary.executablePath(),
    headless: 'shell',
  });
  try {
    const arn = simulator.createReplication({ identifier: 'orders-to-aurora' });
    simulator.createReplication({ identifier: 'invoices-to-redshift', status: 'stopped' });
    simulator.createReplication({ identifier: 'customers-to-s3', status: 'failed' });
    await call(simulator, 'DescribeReplications', { MaxRecords: 20 });
    const failed = simulator.replications()[2]?.row.ReplicationConfigArn ?? '';
    await call(simulator, 'StopReplication', { ReplicationConfigArn: failed });
    for (let n = 0; n < 4; n++) await look(simulator, arn);
    const page: Page = await browser.newPage();
    const errors: string[] = [];
    page.on('pageerror', (err) => errors.push(err.message));
    await page.setViewport({ width: 1440, height: 680 });
    await page.goto(simulator.endpoint);
    await page.waitForFunction(
      "document.querySelectorAll('#replications tr').length === 3 && document.querySelectorAll('#calls tr').length === 6",
    );
    const text = () => page.evaluate('document.body.innerText') as Promise<string>;
    const shown = await text();
    for (const what of ['orders-to-aurora', 'running', 'checkpoint:V1#27#', '\t0 s', '2026-01-03 00:00:00']) {
      expect(shown).toContain(what);
    }
    const lastCalls = "[...document.querySelectorAll('#replications ul')].map((list) => list.innerText)";
    expect(await page.evaluate(lastCalls)).toEqual([
      Array.from({ length: 3 }, () => '00:00:00 DescribeReplications: ok').join('\n'),
      '',
      '00:00:00 StopReplication: InvalidResourceStateFault',
    ]);
    if (process.env['UPDATE_IMAGES'] === '1') {
      await page.screenshot({ path: fileURLToPath(new URL('../../docs/images/simulator.png', import.meta.url)) });
    }
    await page.setViewport({ width: 400, height: 800 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(400);
    simulator.fault({ type: 'throttle', operation: 'StopReplication' });
    await page.waitForFunction("document.getElementById('faults').textContent.includes('throttle')");
    simulator.clearFaults();
    await page.waitForFunction("document.getElementById('faults').textContent === 'none'");
    const press = (label: string) =>
      page.evaluate(`[...document.querySelectorAll('button')].find((each) => each.textContent === '${label}').click()`);
    await press('+ 1 day');
    await page.waitForFunction("document.getElementById('now').textContent.startsWith('2026-01-02')");
    await press('start');
    await page.waitForFunction("document.getElementById('error').textContent.includes('cannot start')");
    const hostile = '<img-src=x-onerror=alert(1)>';
    simulator.createReplication({ identifier: hostile });
    await page.waitForFunction(`document.body.innerText.includes('${hostile}')`);
    expect(await page.evaluate("document.querySelectorAll('img').length")).toBe(0);
    await call(simulator, 'StopReplication', { ReplicationConfigArn: arn });
    await page.waitForFunction("document.body.innerText.includes('stopping')");

    simulator.reset();
    const acted = simulator.createReplication();
    await page.waitForFunction("document.querySelectorAll('#replications tr').length === 1");
    const isNow = (status: string) => until(`it is ${status}`, () => simulator.row(acted).Status === status);
    await press('stop');
    await isNow('stopping');
    await press('+ 1 day');
    await isNow('stopped');
    await press('start');
    await isNow('replication_starting');
    await press('+ 1 day');
    await isNow('running');
    await press('fail');
    await isNow('failed');
    expect(errors).toEqual([]);
  } finally {
    await browser.close();
    await simulator.close();
  }
});
