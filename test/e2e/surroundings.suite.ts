import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Home } from './up.ts';

/** What cannot be mended is explained in one line with the remedy. */
export function surroundings(): void {
  describe('surroundings that do not let it run', () => {
    let home: Home;
    beforeAll(async () => {
      home = await Home.make('');
      home.write('a-file', '');
    });
    afterAll(() => home.remove());

    test.each([
      [
        'a data directory below a file',
        { TIDEWATCH_DATA_DIR: 'a-file/data' },
        /^error file_missing: .*ENOTDIR.*TIDEWATCH_DATA_DIR/,
      ],
      [
        'an address of another machine',
        { TIDEWATCH_HTTP_HOST: '192.0.2.1', TIDEWATCH_TOKEN: '0123456789abcdef' },
        /^error config_invalid: .*http\.host: 192\.0\.2\.1 is no address of this machine/,
      ],
      ['no token off loopback', { TIDEWATCH_HTTP_HOST: '0.0.0.0' }, /http\.host.*http\.tokenFile/],
    ])('%s is told in one line, and nothing is left running', async (_, env, line) => {
      const { code, out, err } = await home.cli(['up'], env as unknown as Record<string, string>);
      expect(code).toBeGreaterThan(1);
      expect(out).toBe('');
      expect(err).toMatch(line);
      expect(err.trim().split('\n').length).toBeLessThan(3);
      expect(home.postgresPid()).toBeNull();
      expect(path.basename(home.dataDir)).toBe('.tidewatch');
    });
  });
}
