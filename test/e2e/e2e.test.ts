import { afterAll, vi } from 'vitest';
import { launchChromium } from '../chromium.ts';
import { unlessLacking } from '../needs.ts';
import { access } from './access.suite.ts';
import { browsing } from './browser.suite.ts';
import { crash } from './crash.suite.ts';
import { firstStart } from './first-start.suite.ts';
import { surroundings } from './surroundings.suite.ts';
import { type Home, lackOfPostgres, PATIENCE_MS, removeAll } from './up.ts';

/** One file, so that its processes run one after another and do not starve each other. */
vi.setConfig({ testTimeout: 2 * PATIENCE_MS, hookTimeout: 2 * PATIENCE_MS });
const noPostgres = await lackOfPostgres();
const chromium = noPostgres === null ? await launchChromium() : { browser: null, reason: noPostgres };
afterAll(() => chromium.browser?.close());

let home: () => Home | null = () => null;
afterAll(() => removeAll());

unlessLacking('postgres', noPostgres)('tidewatch up', () => {
  surroundings();
  home = firstStart();
  crash();
  access(chromium.browser);
});

unlessLacking('chromium', chromium.browser === null ? chromium.reason : null)('tidewatch up in a browser', () => {
  browsing(chromium.browser!, () => home());
});
