import { describe, expect, it } from 'vitest';
import { expandPromql, expandSql } from '../../dashboards/index.ts';
import { ref } from '../../dashboards/sql.ts';
import { makeFilling } from './make.ts';

const HOST = ref('host', 'sqlstring');
const TO_MS = 1_700_000_000_500;
const filling = makeFilling(TO_MS, { stream: ['hosts', "o'neill"], entity: 'web-1.example' });

describe('macros and variables in SQL', () => {
  it('are filled in as Grafana does it', () => {
    const sql = ref('stream', 'sqlstring') + ' $__unixEpochFrom() $__unixEpochTo() $__timeFilter(time) $__timeFrom()';
    expect(expandSql(sql, filling)).toBe(
      "'hosts','o''neill' 1699978400 1700000000 time BETWEEN '2023-11-14T16:13:20.500Z' AND '2023-11-14T22:13:20.500Z' '2023-11-14T16:13:20.500Z'",
    );
  });

  it('are refused when nobody knows them', () => {
    expect(() => expandSql(`SELECT ${HOST}`, filling)).toThrow(`nothing is known of ${HOST}`);
    expect(() => expandSql('SELECT $__timeGroup(time, 5m)', filling)).toThrow('nothing is known of $__timeGroup');
  });

  it('leave texts alone that look like them', () => {
    expect(expandSql(ref('entity', 'sqlstring'), makeFilling(TO_MS, { entity: '$__x' }))).toBe("'$__x'");
  });
});

describe('macros and variables in PromQL', () => {
  it('are filled in as Grafana does it', () => {
    const promql = 'rate(x{stream=~"$stream", e=~"$entity"}[$__rate_interval]) / y[$__range]';
    expect(expandPromql(promql, makeFilling(TO_MS, { stream: ['a', 'b'], entity: 'web-1.example' }))).toBe(
      'rate(x{stream=~"(a|b)", e=~"web-1\\\\.example"}[60s]) / y[21600s]',
    );
  });

  it('are refused when nobody knows them', () => {
    expect(() => expandPromql('x{stream=~$host}', filling)).toThrow('nothing is known of $host');
  });
});
