import { expect, test } from 'vitest';
import { effective, MASK } from '../../../core/config/effective.ts';
import { type ConfigSource, parseConfig } from '../../../core/config/parse.ts';
import { fail, ok } from '../../../core/errors.ts';

const good = (source: ConfigSource) => {
  const result = parseConfig(source);
  if (!result.ok) throw new Error(result.fault.detail);
  return result.value;
};
const problems = (source: ConfigSource) => {
  const result = parseConfig(source);
  return result.ok ? [] : result.fault.detail.split('\n');
};

test('an empty file is the embedded default: three streams on loopback', () => {
  const { config } = good({ text: '' });
  expect(config.streams.map((s) => s.name)).toEqual(['host', 'demo', 'telemetry']);
  expect(config.http).toEqual({ host: '127.0.0.1', port: 8484, maxBodyBytes: 8 * 1024 * 1024 });
  expect(config.log).toEqual({ dir: '.tidewatch/log', maxBytes: 1024 ** 3, maxAgeMs: 7 * 86_400_000 });
  expect(config.database.dir).toBe('.tidewatch');
  expect(config).toEqual(good({ object: {} }).config);
});

test('a source that is off has no stream, a listed stream keeps its own settings', () => {
  const { config } = good({
    text: 'sources: {demo: {enabled: false}}\nstreams: [{name: host, window: {size: 30s}}, {name: web}]',
  });
  expect(config.streams.map((s) => [s.name, s.window.sizeMs])).toEqual([
    ['host', 30_000],
    ['web', 10_000],
    ['telemetry', 10_000],
  ]);
});

test('an unknown key is refused with its path, its line and the nearest valid name', () => {
  expect(problems({ text: 'streams:\n- name: a\n- name: b\n  window:\n    sizee: 5s\n' })).toEqual([
    'streams[1].window.sizee (tidewatch.yaml:5): there is no such key; did you mean size? (allowedLateness, hop, maxSkew, size)',
  ]);
  expect(problems({ object: { zzzzzzzz: 1 } })[0]).toMatch(/^zzzzzzzz: there is no such key \(/);
});

test('everything that is wrong is listed at once, with what it got and what it wanted', () => {
  const text = [
    'http: {port: 99999, hots: x}',
    'logLevel: inf',
    'log: {maxBytes: 3 parsecs}',
    'checkpoint: {interval: 5}',
    'streams: [{name: Web, missing: {mode: previus}}, {window: {size: 10s, hop: 3s}}]',
  ].join('\n');
  expect(problems({ text })).toEqual([
    'logLevel (tidewatch.yaml:2): got "inf", wanted one of trace, debug, info, warn, error, silent; did you mean info?',
    'http.port (tidewatch.yaml:1): got 99999, wanted a whole number from 0 to 65535',
    expect.stringMatching(/^http\.hots \(tidewatch\.yaml:1\): there is no such key; did you mean host\?/),
    'log.maxBytes (tidewatch.yaml:3): got "3 parsecs", wanted a size such as 8MiB or 1GiB, from 16MiB to 1TiB',
    'checkpoint.interval (tidewatch.yaml:4): got 5, wanted a duration such as 250ms, 10s, 5m, 6h or 30d',
    'streams[0].name (tidewatch.yaml:5): got "Web", wanted a lower-case name of letters, digits, _ and -',
    'streams[0].missing.mode (tidewatch.yaml:5): got "previus", wanted one of ignore, previous, zero; did you mean previous?',
    'streams[1].name: is missing; wanted a text',
    'streams[1].window.hop (tidewatch.yaml:5): got "3s"; size must be a multiple of hop',
  ]);
});

test('a file that is not YAML is refused with the position', () => {
  expect(problems({ text: 'http: {port: 1', file: 'my.yaml' })[0]).toMatch(/^my\.yaml:1:\d+: /);
  expect(problems({ text: 'a: 1\na: 2' })[0]).toMatch(/^tidewatch\.yaml:2:1: .*unique/);
  expect(problems({ text: '- 1' })[0]).toMatch(/the file: got a list of 1, wanted a section of keys/);
});

test('no key reaches a prototype', () => {
  expect(problems({ text: '__proto__: {polluted: 1}' })[0]).toMatch(/^__proto__.*no such key/);
  expect(problems({ text: 'constructor: 1' })[0]).toMatch(/^constructor.*no such key/);
  expect(problems({ env: { TIDEWATCH____proto____X: '1' } })).toHaveLength(1);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

test('aliases that multiply are refused', () => {
  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x]',
    ...'bcdefgh'.split('').map(
      (k, i) =>
        `${k}: &${k} [${Array(9)
          .fill('*' + 'abcdefgh'[i])
          .join(',')}]`,
    ),
  ];
  expect(problems({ text: bomb.join('\n') })[0]).toMatch(/alias/i);
});

test('the environment overrides the file, by short names and by paths', () => {
  const { config } = good({
    text: 'http: {port: 1000}\nstreams: [{name: web}]',
    env: {
      TIDEWATCH_PORT: '9000',
      TIDEWATCH_HTTP_HOST: '::1',
      TIDEWATCH__STREAMS__0__WINDOW__SIZE: '20s',
      TIDEWATCH__LOG__MAX_BYTES: '2GiB',
      TIDEWATCH__SOURCES__DEMO__ENABLED: 'false',
      TIDEWATCH__STREAMS__0__ENTITY_TAGS: '[pod, node]',
      TIDEWATCH__HTTP__TOKEN: '1234567890123456',
      HOME: '/nowhere',
    },
  });
  expect(config.http).toMatchObject({ port: 9000, host: '::1', token: '1234567890123456' });
  expect(config.streams[0]).toMatchObject({ entityTags: ['pod', 'node'], window: { sizeMs: 20_000 } });
  expect(config.log.maxBytes).toBe(2 * 1024 ** 3);
  expect(config.sources.demo.enabled).toBe(false);
});

test('unknown variables are refused with the nearest one, what orchestrators set is not', () => {
  expect(problems({ env: { TIDEWATCH__HTTP__PROT: '1' } })).toEqual([
    'TIDEWATCH__HTTP__PROT: there is no such key; did you mean TIDEWATCH__HTTP__PORT?',
  ]);
  expect(problems({ env: { TIDEWATCH_PROT: '1' } })[0]).toMatch(/did you mean TIDEWATCH_PORT\?/);
  expect(problems({ env: { TIDEWATCH_PORT: 'eighty' } })[0]).toBe(
    'http.port (TIDEWATCH_PORT): got "eighty", wanted a whole number from 0 to 65535',
  );
  const kubernetes = { TIDEWATCH_PORT: 'tcp://192.0.2.1:8484', TIDEWATCH_SERVICE_HOST: '192.0.2.1' };
  expect(problems({ env: kubernetes })).toEqual([]);
});

test('secrets come from files, never twice, and never show in messages', () => {
  const readSecret = (path: string) => (path === 'here' ? ok('0123456789abcdef\n') : fail('file_missing', path));
  expect(good({ env: { TIDEWATCH_TOKEN_FILE: 'here' }, readSecret }).config.http.token).toBe('0123456789abcdef');
  expect(problems({ object: { http: { tokenFile: 'gone' } }, readSecret })[0]).toMatch(/http\.tokenFile.*"gone"/);
  expect(problems({ object: { http: { token: 'x'.repeat(16), tokenFile: 'here' } }, readSecret })[0]).toMatch(
    /not both/,
  );
  const short = problems({ object: { http: { token: 'hunter2' } } })[0];
  expect(short).toMatch(/at least 16 characters/);
  expect(short).not.toMatch(/hunter2/);
});

test('listening beyond loopback needs a token', () => {
  expect(problems({ object: { http: { host: '0.0.0.0' } } })[0]).toMatch(/^http\.host.*tokenFile/);
  expect(problems({ object: { http: { host: '0.0.0.0', token: 'x'.repeat(16) } } })).toEqual([]);
  expect(problems({ object: { http: { host: '127.0.0.2' } } })).toEqual([]);
});

test('the configuration is frozen to its leaves and leaves what it was given alone', () => {
  const object = { streams: [{ name: 'web' }] };
  const { config } = good({ object, env: { TIDEWATCH__STREAMS__0__SCHEMA_VERSION: '2' } });
  expect(object).toEqual({ streams: [{ name: 'web' }] });
  expect(() => {
    (config.streams[0]!.window as { sizeMs: number }).sizeMs = 1;
  }).toThrow(TypeError);
});

test('what is in force is listed with where it came from, secrets masked', () => {
  const loaded = good({
    text: 'http: {port: 1000}\nstreams: [{name: web}]\ndatabase: {url: "postgres://me:secret@db:5432/x?password=y"}',
    env: { TIDEWATCH_LOG_LEVEL: 'warn', TIDEWATCH_TOKEN: 'x'.repeat(20) },
  });
  const rows = Object.fromEntries(effective(loaded).map((v) => [v.path.join('.'), [v.value, v.origin]]));
  expect(rows['http.port']).toEqual([1000, 'tidewatch.yaml:1']);
  expect(rows.logLevel).toEqual(['warn', 'TIDEWATCH_LOG_LEVEL']);
  expect(rows['http.token']).toEqual([MASK, 'TIDEWATCH_TOKEN']);
  expect(rows['database.url']).toEqual([`postgres://${MASK}@db:5432/x`, 'tidewatch.yaml:3']);
  expect(rows['streams.0.name']).toEqual(['web', 'tidewatch.yaml:2']);
  expect(rows['streams.0.window.size']).toEqual(['10s', 'default']);
  expect(rows['streams.0.window.hop']).toEqual(['10s', 'default']);
  expect(rows['streams.2.name']![0]).toBe('demo');
  expect(JSON.stringify(Object.values(rows))).not.toMatch(/secret|xxxx|password/);
});
