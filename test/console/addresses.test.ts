import { beforeAll, expect, test } from 'vitest';
import { END_MS } from './console.ts';
import { describeInChromium, stage } from './stage.ts';

const HOUR_MS = 3_600_000;

describeInChromium('an address', () => {
  const on = stage('file');
  beforeAll(() => on.open('/'));
  const current = (name: string) =>
    on.page.locator('main').getByRole('link', { name, exact: true }).and(on.page.locator('[aria-current]'));
  const inMain = (text: string) => on.page.locator('main').getByText(text, { exact: true }).first();

  test.each([
    [
      'drift',
      '/#/drift/demo?range=7d&show=ks&feature=queue_depth__max__10s&features=all',
      ['demo', 'Week', 'KS', 'queue_depth__max__10s'],
    ],
    ['models', '/#/models/demo?range=7d', ['demo', 'Week']],
    ['decisions', '/#/decisions?range=30d&stream=demo', ['demo', '30 days']],
    ['labels', '/#/labels/host?range=24h', ['host', '24 h']],
    ['maintenance', '/#/maintenance?range=7d', ['Week']],
    ['dead letters', '/#/deadletters?range=24h&stream=host&code=time_in_future', ['host', '24 h', 'time_in_future']],
    ['pipeline', '/pipeline?range=3d', ['3 days']],
    ['incidents', '/incidents?show=open&range=24h', ['Open', '24 h']],
    ['entity', '/entities/demo/checkout?range=6h', ['6 h']],
  ])('has the whole state of %s: after a reload, and after Back', async (_page, address, chosen) => {
    const shown = async () => {
      for (const name of chosen) await current(name).waitFor();
    };
    await on.go(address);
    await shown();
    await on.page.reload();
    await shown();
    expect(on.page.url()).toBe(on.harness.base + address);
    await on.page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Overview' }).click();
    await on.page.getByRole('region', { name: 'In short' }).waitFor();
    await on.page.goBack();
    await shown();
    expect(on.page.url()).toBe(on.harness.base + address);
    expect(on.view.errors).toEqual([]);
  });

  test('changes step by step, and Back goes through the steps', async () => {
    await on.go('/#/drift/demo');
    const main = on.page.locator('main');
    await main.getByRole('link', { name: 'Week', exact: true }).click();
    await current('Week').waitFor();
    await main.getByRole('link', { name: 'KS', exact: true }).click();
    await on.page.getByRole('table', { name: /^KS by feature/ }).waitFor();
    await main.getByRole('table').getByRole('link', { name: 'latency_ms__mean__10s' }).first().click();
    await on.region('Feature latency_ms__mean__10s').waitFor();
    expect(new URL(on.page.url()).hash).toBe('#/drift/demo?range=7d&show=ks&feature=latency_ms__mean__10s');
    await on.page.goBack();
    await on.region('Feature latency_ms__mean__10s').waitFor({ state: 'detached' });
    await on.page.goBack();
    await on.page.getByRole('table', { name: /^PSI by feature/ }).waitFor();
    await current('Week').waitFor();
    await on.page.goBack();
    await current('3 days').waitFor();
  });

  test.each([
    ['/entities/demo/nobody', 'No entity nobody of stream demo is known.', 'See all entities'],
    ['/entities/nowhere/x', 'No stream nowhere is configured.', 'See all entities'],
    ['/incidents/no-such', 'No incident no-such is known.', 'See all incidents'],
    ['/#/decisions/no-such', 'No decision no-such is in the ledger.', 'See all decisions'],
    ['/#/decisions?stream=nowhere', 'No stream nowhere is monitored.', 'Look at all streams'],
    ['/#/deadletters?stream=nowhere', 'No stream nowhere is configured.', 'Look at all streams'],
    ['/#/deadletters?code=no_such_code', 'None of no_such_code in this time.', 'Show every reason'],
    ['/#/drift/nowhere', 'No stream nowhere is monitored.', 'demo'],
    ['/#/models/nowhere', 'No stream nowhere is monitored.', 'demo'],
    ['/#/labels/nowhere', 'No stream nowhere is monitored.', 'demo'],
    ['/#/drift/demo?feature=nothing', 'No model of this time knows a feature of this name.', 'Close'],
    ['/#/nothing', 'There is no such page.', 'To the overview'],
  ])('%s names what is not there: that is said, with where to go', async (address, words, link) => {
    await on.go(address);
    await inMain(words).waitFor();
    expect(await on.page.locator('main').getByRole('link', { name: link, exact: true }).count()).toBeGreaterThan(0);
    expect(await on.page.getByRole('button', { name: 'Try again' }).count()).toBe(0);
  });

  test.each([
    ['/entities/demo/checkout?from=2000&to=1000', 'From must be before to', '1 h'],
    ['/entities/demo/checkout?from=1&to=9000000000000000', 'milliseconds since 1970', '1 h'],
    ['/#/drift/demo?from=1000', 'one end of a time only', '3 days'],
    ['/#/drift/demo?from=a&to=b', 'milliseconds since 1970', '3 days'],
    ['/#/models/demo?range=banana', 'There is no time range "banana".', 'All times'],
    ['/#/decisions?from=5&to=5', 'From must be before to', 'All times'],
    ['/#/labels/demo?range=x', 'There is no time range "x".', 'All times'],
    ['/#/maintenance?from=-1&to=1', 'milliseconds since 1970', 'All times'],
    ['/#/deadletters?to=1', 'one end of a time only', 'Week'],
    ['/pipeline?range=1s', 'There is no time range "1s".', '24 h'],
    ['/incidents?from=2000&to=1000', 'From must be before to', 'All times'],
  ])('%s asks for a time that cannot be: that is said, with the one shown', async (address, why, shown) => {
    await on.go(address);
    const said = on.page.locator('.wrong-range');
    await said.waitFor();
    expect(await said.innerText()).toContain(why);
    expect(await said.innerText()).toContain(`Shown: ${shown}.`);
    await current(shown).waitFor();
    // Links to other pages do not carry it on.
    for (const link of await on.page.getByRole('navigation', { name: 'Pages' }).getByRole('link').all())
      expect(await link.getAttribute('href')).not.toContain('?');
    expect(on.view.errors).toEqual([]);
  });

  test('a range longer than a page can show is cut, and that is said', async () => {
    await on.go(`/#/drift/demo?from=${END_MS - 900 * HOUR_MS}&to=${END_MS}`);
    await on.page.getByText('This page shows 14 days at most: the newest of them.').waitFor();
    await on.go('/pipeline?range=30d');
    await on.page.getByText('This page shows 14 days at most: the newest of them.').waitFor();
    expect(on.view.errors).toEqual([]);
  });
});

describeInChromium('when what a page reads is away', () => {
  const on = stage('file');
  /** The first two say what they know of the state of the streams, which is not known when they are opened first. */
  const pages = [
    '/pipeline',
    '/',
    '/incidents',
    '/entities/demo/checkout',
    '/#/drift/demo',
    '/#/models/demo',
    '/#/decisions',
    '/#/decisions/demo-9',
    '/#/labels/demo',
    '/#/maintenance',
    '/#/deadletters',
  ];
  const main = () => on.page.locator('main');
  const blank = () => on.page.getByText(/^Loading|Reading the state/).count();
  const reach = (address: string, i: number) => (i < 2 ? on.open(address) : on.go(address));

  test('the database: each page says so, what to do, and comes back by its button', async () => {
    const away = {
      code: 'database_unavailable',
      message: 'PostgreSQL does not answer.',
      remedy: 'See .tidewatch/postgres.log; the worker retries.',
    };
    const words = main().getByText(away.message);
    for (const [i, address] of pages.entries()) {
      await on.page.route(/\/api\/(?!events)/, (route) => route.fulfill({ status: 503, json: away }));
      await reach(address, i);
      await words.first().waitFor();
      expect(await main().innerText(), address).toContain(away.remedy);
      expect(await blank(), address).toBe(0);
      await on.page.unroute(/\/api\/(?!events)/);
      const again = main().getByRole('button', { name: 'Try again' });
      for (let left = await again.count(); left > 0; left--) await again.first().click();
      await words.first().waitFor({ state: 'detached' });
      expect(await again.count(), address).toBe(0);
    }
  });

  test('the server: each page says that it does not answer, and what to look at', async () => {
    await on.page.route('**/api/**', (route) => route.abort());
    for (const [i, address] of pages.entries()) {
      await reach(address, i);
      await main().getByText('Tidewatch does not answer.').first().waitFor();
      await main().getByText('See whether `tidewatch up` still runs').first().waitFor();
      expect(await blank(), address).toBe(0);
      expect(await on.page.locator('#banner').innerText()).toContain('Trying again');
    }
    await on.page.unroute('**/api/**');
  });

  test('an answer that the page cannot use: it says so instead of a blank', async () => {
    await on.page.route('**/api/observations/**', (route) => route.fulfill({ json: { observations: [{}] } }));
    await on.open('/#/drift/demo');
    await on.page.getByRole('alert').getByText('This page could not show what it read.').waitFor();
    await on.page.unroute('**/api/observations/**');
  });
});
