import { expect, test } from 'vitest';
import { END_MS } from './console.ts';
import { browser, describeInChromium, stage } from './stage.ts';

const HOUR_MS = 3_600_000;

/** One world, one browser and one page for all: nothing here changes what the others see. */
describeInChromium('answers, dead letters and times', () => {
  const on = stage('file', { historyMs: 2 * HOUR_MS });
  const { open } = on;
  const api = async <T>(path: string): Promise<T> => (await fetch(on.harness.base + path)).json() as Promise<T>;
  const answer = (question: string) =>
    on.page.getByRole('region', { name: 'In short' }).locator('.answer').filter({ hasText: question });

  test('the five answers say what the API says, and lead to where it is shown', async () => {
    await open('/');
    const { entries } = await api<{ entries: { decision: Record<string, string> }[] }>('/api/decisions?limit=1');
    const newest = entries[0]!.decision;
    const from = Math.floor(END_MS / HOUR_MS) * HOUR_MS;
    const { observations } = await api<{
      observations: { features: { status: string }[]; spans: { day: { alert_rate_ratio: { status: string } } } }[];
    }>(`/api/observations/demo?from=${from}&to=${from + 1}`);
    expect(observations[0]!.spans.day.alert_rate_ratio.status).toBe('ok');
    const drifted = observations[0]!.features.filter((f) => f.status === 'drift').length;
    const { incidents } = await api<{ incidents: { entity: string; peakSeverity: number }[] }>(
      '/api/incidents?open=true',
    );
    const worst = incidents.toSorted((a, b) => b.peakSeverity - a.peakSeverity)[0]!;

    expect(await answer('Does telemetry arrive?').innerText()).toContain('Yes: demo, host');
    const trust = await answer('Can the detector be trusted?').innerText();
    expect(trust).toContain(`demo: sudden drift, ${drifted} features shifted.`);
    expect(trust).toMatch(/host: learning, \d+ of 720 windows\./);
    const what = await answer('What is anomalous').innerText();
    expect(what).toContain(`${worst.entity}: `);
    expect(what).toContain(`and ${incidents.length - 1} more.`);
    const did = answer('What did the controller do?');
    expect(await did.innerText()).toContain(newest.reason);
    expect(await answer('What now?').innerText()).toContain(`Look at ${worst.entity}, then confirm or dismiss.`);
    await did.getByRole('link').click();
    await on.page.getByRole('heading', { level: 1, name: new RegExp(`^${newest.id}: `) }).waitFor();
    expect(on.view.errors).toEqual([]);
  });

  test('what is not known is never called good: the monitor away, and nothing that arrives', async () => {
    await on.page.route('**/api/monitor', (route) =>
      route.fulfill({ status: 503, json: { code: 'database_unavailable', message: 'It is away.', remedy: '' } }),
    );
    await open('/');
    const trust = answer('Can the detector be trusted?');
    await trust.getByText('Not known. It is away.').waitFor();
    expect(await trust.getAttribute('class')).toBe('answer unknown');
    await on.page.unroute('**/api/monitor');
    await on.page.route('**/api/status', async (route) => {
      const response = await route.fetch();
      const status = (await response.json()) as { nowMs: number; streams: { lastRecordMs: number }[] };
      for (const s of status.streams) s.lastRecordMs = status.nowMs - 5 * 60_000;
      await route.fulfill({ json: status });
    });
    await on.page.route('**/api/events', (route) => route.abort());
    await open('/');
    await answer('Does telemetry arrive?').getByText('No data from demo, host for 5 min.').waitFor();
    await answer('What now?').getByText('See why demo sends nothing.').waitFor();
    await on.page.unroute('**/api/status');
    await on.page.unroute('**/api/events');
  });

  test('dead letters: counted by reason, chosen by reason, stream and time, with the values of the API', async () => {
    await on.go('/#/deadletters');
    const { counts, deadLetters } = await api<{
      counts: { stream: string; code: string; count: number }[];
      deadLetters: { code: string; preview: string; detail: string; meaning: string }[];
    }>('/api/dead-letters');
    const reasons = on.page.getByRole('table', { name: 'Dead letters by reason' });
    const rows = await reasons.getByRole('row').allInnerTexts();
    expect(rows.slice(1).map((row) => row.split('\t')[0])).toEqual(counts.map((c) => c.stream));
    for (const [i, { code, count }] of counts.entries()) {
      expect(rows[i + 1]).toContain(code);
      expect(rows[i + 1]).toMatch(new RegExp(`\\t${count}\\t0$`));
    }
    const letters = on.page.getByRole('table', { name: 'Newest dead letters' });
    const shown = await letters.getByRole('row').allInnerTexts();
    expect(shown).toHaveLength(deadLetters.length + 1);
    for (const [i, { code, preview, detail, meaning }] of deadLetters.entries())
      for (const text of [code, preview, detail, meaning]) expect(shown[i + 1]).toContain(text);

    await reasons.getByRole('link', { name: 'key_forbidden' }).click();
    await on.page.getByText('Only key_forbidden.').waitFor();
    expect(await letters.getByRole('row').count()).toBe(2);
    expect(new URL(on.page.url()).hash).toBe('#/deadletters?range=7d&code=key_forbidden');
    await on.go(`/#/deadletters?from=1000&to=2000`);
    await on.page.getByText('No dead letters in this time.').waitFor();
    await on.page.getByRole('link', { name: 'Look at all of them' }).click();
    await letters.waitFor();
    expect(on.view.errors).toEqual([]);
  });

  test('links between pages keep the time that is looked at, and a time of one’s own is typed in', async () => {
    const { page } = on;
    const pages = page.getByRole('navigation', { name: 'Pages' });
    const [fromMs, toMs] = [END_MS - 95 * 60_000, END_MS - 60 * 60_000];
    await on.go(`/entities/demo/checkout?from=${fromMs}&to=${toMs}`);
    await pages.getByRole('link', { name: 'Incidents' }).click();
    await page.getByText('13:55:00 to 14:30:00').first().waitFor();
    const { incidents } = await api<{ incidents: { entity: string }[] }>(`/api/incidents?from=${fromMs}&to=${toMs}`);
    await page.locator('.incident').first().waitFor();
    expect(await page.locator('.incident .entity-link').allInnerTexts()).toEqual(incidents.map((i) => i.entity));
    expect(incidents.map((i) => i.entity)).toContain('inventory');
    expect(incidents.map((i) => i.entity)).not.toContain('checkout');
    for (const [link, heading] of [
      ['Drift', 'Drift of demo'],
      ['Decisions', 'Decisions'],
      ['Dead letters', 'Dead letters'],
    ] as const) {
      await pages.getByRole('link', { name: link }).click();
      await page.getByRole('heading', { level: 1, name: heading }).waitFor();
      expect(page.url()).toContain(`from=${fromMs}&to=${toMs}`);
    }
    await page.getByText('Other times').click();
    await page.getByLabel('From').fill('2026-01-07T10:00');
    await page.getByLabel('To', { exact: true }).fill('2026-01-07T09:00');
    await page.getByRole('button', { name: 'Show' }).click();
    await page.getByText('From must be before to.').waitFor();
    await page.getByLabel('To', { exact: true }).fill('2026-01-07T15:30');
    await page.getByRole('button', { name: 'Show' }).click();
    await page.getByText('10:00:00 to 15:30:00').waitFor();
    expect(page.url()).toContain(`from=${Date.UTC(2026, 0, 7, 9)}&to=${END_MS}`);
    expect(on.view.errors).toEqual([]);
  });

  test('decisions and roles of a time are those that the ledger has of it', async () => {
    const toMs = END_MS - 120 * HOUR_MS;
    await on.go(`/#/decisions?from=${END_MS - 150 * HOUR_MS}&to=${toMs}`);
    const { entries } = await api<{ entries: { decision: { id: string; atMs: number } }[] }>(
      '/api/decisions?limit=100',
    );
    const then = entries.filter(({ decision: d }) => d.atMs >= END_MS - 150 * HOUR_MS && d.atMs < toMs);
    expect(then.length).toBeGreaterThan(0);
    expect(await on.page.locator('.decision').count()).toBe(then.length);
    await on.go(`/#/models/demo?from=${END_MS - 150 * HOUR_MS}&to=${toMs}`);
    const roles = on.page.getByRole('region', { name: 'Roles over time' });
    await roles.getByText('No role changed in this time.').waitFor();
    expect(await roles.locator('.stretch').allInnerTexts()).toEqual(['demo-9f31c2']);
    await on.go('/#/decisions?from=1000&to=2000');
    await on.page.getByText('Nothing was decided in this time.').waitFor();
  });

  test('a runbook is read without JavaScript, from the decision that names it', async () => {
    await open('/#/decisions/demo-9');
    await on.page.getByRole('link', { name: 'psi_drift' }).click();
    await on.page.getByRole('heading', { level: 1, name: 'Features have drifted' }).waitFor();
    expect(await on.page.getByRole('listitem').count()).toBeGreaterThan(5);
    await on.page.goBack();
    await on.page.getByRole('heading', { level: 1, name: /^demo-9/ }).waitFor();
    const plain = await browser.newContext({ javaScriptEnabled: false });
    const page = await plain.newPage();
    await page.goto(`${on.harness.base}/runbooks/figures_stale`);
    await page.getByRole('heading', { name: 'How to decide' }).waitFor();
    await page.goto(`${on.harness.base}/runbooks/nothing`);
    await page.getByRole('link', { name: 'Features have drifted' }).click();
    await page.getByRole('heading', { level: 1, name: 'Features have drifted' }).waitFor();
    await plain.close();
  });
});
