import { beforeAll, expect, test } from 'vitest';
import { END_MS, holdsEverywhere } from './console.ts';
import { describeInChromium, stage } from './stage.ts';

const HOUR_MS = 3_600_000;

/** What each page says where there is nothing to show: which of the reasons it is, and what comes next. */
describeInChromium('before the first record', () => {
  const on = stage('file', { historyMs: 0, planted: [], demo: false });
  beforeAll(() => on.open('/'));

  test.each([
    [
      '/',
      ['No telemetry has arrived yet.', 'Nothing was judged yet.', 'No entity yet.', 'The demo fleet is switched off.'],
    ],
    ['/incidents', ['No incidents yet.', 'it is listed here with the reason']],
    ['/pipeline', ['Stream demo', 'The monitor has not looked at demo yet.']],
    ['/entities/demo/checkout', ['No entity checkout of stream demo is known.', 'none of its windows has closed yet']],
    ['/#/drift', ['The monitor has not looked at demo yet.', 'It looks when a model serves']],
    ['/#/models', ['Nothing is known of a rollout.', 'No model is kept yet.', 'Nothing has been decided yet.']],
    ['/#/decisions', ['Nothing has been decided yet.']],
    ['/#/labels', ['No window waits for a label.', 'Nobody has labelled anything yet.']],
    ['/#/maintenance', ['No maintenance is on.', 'None is planned.', 'There was none so far.']],
    ['/#/deadletters?range=24h&stream=demo&from=1000&to=2000', ['No dead letters of demo in this time.']],
  ])('%s says so, in both themes and sizes', async (address, texts) => {
    await on.go(address);
    for (const text of texts) await on.page.getByText(text).first().waitFor();
    await holdsEverywhere(on.page, address);
    if (!address.startsWith('/entities')) expect(on.view.errors).toEqual([]);
  });
});

describeInChromium('a monitor that has not looked yet', () => {
  const on = stage('file', { historyMs: 600_000, planted: [], looked: false });

  test('says so beside telemetry that arrives', async () => {
    await on.open('/#/drift');
    await on.page.getByText('The monitor has not looked at demo yet.').waitFor();
    await on.open('/');
    await on.page.getByText('Every entity behaves like itself').waitFor();
    expect(on.view.errors).toEqual([]);
  });
});

describeInChromium('a time without figures', () => {
  const on = stage('file');
  /** Within the hours of the fixture's story in which nothing came. */
  const gap = `from=${END_MS - 149 * HOUR_MS}&to=${END_MS - 145 * HOUR_MS}`;

  test('charts say in words why they are empty, and have no axes', async () => {
    await on.open(`/#/drift/demo?${gap}`);
    await on.page.getByText('Not measured: no window came in this time.').first().waitFor();
    expect(await on.page.getByRole('img').count()).toBe(0);
    await on.page.getByText('The data quality is unknown.').waitFor();
    await holdsEverywhere(on.page, 'drift of a gap');
    await on.open(`/pipeline?${gap}`);
    await on.page.getByText('Not measured: nothing was read in this time.').first().waitFor();
    expect(await on.page.getByRole('img').count()).toBe(0);
    await on.page.getByText('No dead letters in this time.').waitFor();
    await holdsEverywhere(on.page, 'pipeline of a gap');
  });

  test('a figure of one grain is a point, not an empty picture', async () => {
    const atMs = Math.floor(END_MS / HOUR_MS) * HOUR_MS;
    await on.open(`/#/drift/demo?from=${atMs}&to=${atMs + 1}`);
    const plot = on.page.getByRole('img', { name: /^Alerts against those expected/ });
    await plot.locator('canvas').waitFor();
    const line = await on.page.evaluate(() => {
      interface Dom {
        documentElement: object;
        querySelector(selector: string): {
          width: number;
          height: number;
          getContext(kind: '2d'): { getImageData(...box: number[]): { data: Uint8ClampedArray } };
        };
      }
      const { document, getComputedStyle } = globalThis as unknown as {
        document: Dom;
        getComputedStyle(node: object): { getPropertyValue(name: string): string };
      };
      const colour = getComputedStyle(document.documentElement).getPropertyValue('--line').trim();
      const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
      const canvas = document.querySelector('.calibration canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      let found = 0;
      for (let i = 0; i < data.length; i += 4)
        if (data[i] === red && data[i + 1] === green && data[i + 2] === blue && data[i + 3] === 255) found++;
      return found;
    });
    expect(line).toBeGreaterThan(3);
  });

  test('a time before everything says so on each page, with the way back', async () => {
    const before = 'from=1000&to=2000';
    await on.open('/');
    for (const [address, text, link] of [
      [`/#/drift/demo?${before}`, 'Nothing is known of this time.', 'Show the newest figures'],
      [`/incidents?${before}`, 'No incidents in this time.', 'Look at all times'],
      [`/entities/demo/checkout?${before}`, 'No window in this range.', 'Show the hour before it'],
      [`/#/decisions?${before}`, 'Nothing was decided in this time.', 'Look at all times'],
      [`/#/models/demo?${before}`, 'No model had a role at that time.', 'All times'],
      [`/#/maintenance?${before}`, 'No maintenance ended in this time.', 'Look at all times'],
      [`/#/deadletters?${before}`, 'No dead letters in this time.', 'Look at all of them'],
      [`/pipeline?${before}`, 'Nothing is known of this time.', '24 h'],
    ] as const) {
      await on.go(address);
      await on.page.getByText(text).first().waitFor();
      expect(await on.page.getByRole('link', { name: link, exact: true }).count(), address).toBeGreaterThan(0);
    }
    expect(on.view.errors).toEqual([]);
  });
});
