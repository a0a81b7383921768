import { beforeAll, expect, test } from 'vitest';
import { describeInChromium, stage } from './stage.ts';

describeInChromium('the pages of the monitor', () => {
  const on = stage('file');
  const { go: open, region, heading } = on;
  beforeAll(() => on.open('/'));

  test('drift: the features that shifted most come first, each cell with its number and its status in words', async () => {
    await open('/#/drift/demo');
    await heading('Drift of demo');
    const table = on.page.getByRole('table', { name: /^PSI by feature/ });
    const names = await table.getByRole('rowheader').allInnerTexts();
    const newest = (await on.harness.monitor.store.observations('demo', 0, 9e15)).at(-1)!;
    const byPsi = [...newest.features].sort((a, b) => b.psi! - a.psi!);
    expect(names.map((name) => name.split(' ')[0]!.trim())).toEqual(byPsi.map((f) => f.feature));
    expect(names[0]).toMatch(/limit 0\.12$/);
    const cells = await table.getByRole('row').nth(1).getByRole('cell').allTextContents();
    expect(cells).toHaveLength(12);
    expect(cells.at(-1)).toBe(`${byPsi[0]!.psi!.toFixed(2)}◆ drift`);
    expect(cells[1]).toMatch(/^0\.\d\d ok$/);
    await on.page.getByText('KS', { exact: true }).click();
    await on.page.getByRole('table', { name: /^KS by feature/ }).waitFor();
    expect(new URL(on.page.url()).hash).toBe('#/drift/demo?range=3d&show=ks');
    expect(on.view.errors).toEqual([]);
  });

  test('drift: an interval without data is unknown, neither ok nor drift', async () => {
    await open('/#/drift/demo?range=7d');
    const row = on.page
      .getByRole('table', { name: /^PSI by feature/ })
      .getByRole('row')
      .nth(1);
    const cells = await row.getByRole('cell').allTextContents();
    expect(cells.filter((text) => text === '– unknown').length).toBeGreaterThan(0);
  });

  test('drift: cause with its evidence, quality of 30, and figures beside both limits', async () => {
    await open('/#/drift/demo');
    const cause = await region('Cause').innerText();
    expect(cause).toContain('sudden drift: The distribution of latency_ms and queue_depth changed within six hours');
    expect(cause).toMatch(/psi\s+0\.751/);
    expect(cause).toContain('queue_depth__max__10s');
    expect(await region('Data quality').innerText()).toMatch(/27\.3 of 30, good enough to train on/);
    const psi = on.page.getByRole('row', { name: /PSI of the anomaly score/ });
    const [, status, , interval, , , limit, textbook] = await psi.getByRole('cell').allInnerTexts();
    expect([status, interval, limit, textbook]).toEqual(['◆ drift', '0.15', '0.14', '0.25']);
    const late = await on.page.getByRole('row', { name: /Late points/ }).innerText();
    expect(late).toMatch(/0\.\d+ %/);
    const charts = await on.page.getByRole('img').evaluateAll((all) => all.map((n) => n.getAttribute('aria-label')));
    expect(charts[0]).toMatch(
      /^Alerts against those expected, over a day: newest [\d.]+ \([\d.]+ to [\d.]+\), held against 0\.35 to 2\.9: ok; outside in \d+ of 72\. Arrow keys/,
    );
    expect(charts[1]).toMatch(/^p-values: distance from uniform, per interval: newest [\d.]+, held against 0\.08: /);
    await on.page.getByRole('img', { name: /^Alerts against/ }).focus();
    await on.page.keyboard.press('ArrowLeft');
    expect(await on.page.locator('figure').first().locator('.readout').innerText()).toMatch(/^15:00:00: [\d.]+/);
  });

  test('models: roles now, the stage of the rollout and what it waits for, budgets spent and left', async () => {
    await open('/#/models/demo');
    const serves = await region('What serves').innerText();
    expect(serves).toMatch(/Champion\s+demo-9f31c2/);
    expect(serves).toMatch(/Challenger\s+demo-c417e8 serves 25 %/);
    expect(serves).toMatch(/Last good\s+demo-51aa0b/);
    const rollout = region('Rollout');
    expect(await rollout.locator('[aria-current=step]').innerText()).toBe('canary 25 %');
    expect(await rollout.innerText()).toContain('Waits for: the time of this stage to pass and enough windows');
    expect(await rollout.innerText()).toContain('3 grains of it so far');
    const budget = on.page.getByRole('row', { name: /Retrainings in 30 days/ });
    expect(await budget.getByRole('cell').nth(2).innerText()).toMatch(/^none of 1, free again in 29 d 12 h/);
    const changes = await region('Roles over time').getByRole('listitem').allInnerTexts();
    expect(changes[0]).toMatch(/demo-c417e8 serves a larger share, demo-12$/);
    expect(changes.at(-1)).toMatch(/demo-51aa0b becomes champion, demo-1$/);
    expect(on.view.errors).toEqual([]);
  });

  test('decisions: the ledger as a list, and each decision recomputed from its evidence', async () => {
    const { page } = on;
    await open('/#/decisions');
    const rows = page.locator('.decision');
    expect(await rows.count()).toBe(12);
    expect(await rows.nth(3).innerText()).toMatch(
      /^done\s+demo: Train a new model A feature is distributed unlike in training.*by trigger psi_drift, ticket$/s,
    );
    await rows.nth(3).getByRole('link').click();
    await heading('demo-9: Train a new model');
    await page.getByText('✓ Recomputed from its evidence: agrees.').waitFor();
    await page.getByText(/^psi_feature of the interval: 0\.7\d+, limit 0\.25, drift/).waitFor();
    expect(await page.getByRole('link', { name: 'psi_drift' }).getAttribute('href')).toBe('/runbooks/psi_drift');
    await page.goBack();
    await heading('Decisions');
    expect(on.view.errors).toEqual([]);
  });

  test('decisions: one that was altered does not agree, and says what differs', async () => {
    on.harness.monitor.forge('demo-9', 'Somebody said so.');
    await open('/#/decisions/demo-9');
    const told = on.page.locator('.agreement');
    await told.waitFor();
    expect(await told.innerText()).toContain(
      '◆ Recomputed from its evidence: does not agree. The ledger says otherwise: reason: ',
    );
    expect(await told.innerText()).toContain('"Somebody said so." in the ledger');
  });

  test('what is not known says so: a stream not looked at, beside one that was', async () => {
    for (const page of ['drift', 'models']) {
      await open(`/#/${page}/host`);
      await on.page.getByText('The monitor has not looked at host yet.').waitFor();
    }
    await open('/#/labels/host');
    await on.page.getByText('No window waits for a label.').waitFor();
    expect(on.view.errors).toEqual([]);
  });

  test('a place on the page is no address: skipping to the content keeps the page', async () => {
    await on.open('/#/models/demo');
    await on.page.keyboard.press('Tab');
    await on.page.keyboard.press('Enter');
    expect(await on.page.locator('main').evaluate((main) => main === main.ownerDocument.activeElement)).toBe(true);
    expect(new URL(on.page.url()).hash).toBe('#/models/demo');
    await on.page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Drift' }).click();
    await heading('Drift of demo');
    await on.page.goBack();
    await heading('Models of demo');
  });
});
