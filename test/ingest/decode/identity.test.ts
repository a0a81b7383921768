import { expect, it } from 'vitest';
import { streamConfig } from '../../../core/config/stream.ts';
import { decoderFor, type Encoding } from '../../../ingest/decode/index.ts';
import type { DecodeSink, PointAt } from '../../../ingest/ports.ts';

const T = 1_700_000_000_000;
const ignore = (): void => undefined;

/** Codes of the faults of a record, each with what is known of its point; null: the record as a whole. */
function faultsOf(encoding: Encoding, record: string): [string, PointAt | null][] {
  const faults: [string, PointAt | null][] = [];
  const fault: DecodeSink['fault'] = ({ code }, at) => void faults.push([code, at ?? null]);
  const config = streamConfig.parse({ name: 's', encoding, timestampUnit: 'ms' });
  decoderFor(config)(Buffer.from(record, 'latin1'), T, { sample: ignore, cumulative: ignore, event: ignore, fault });
  return faults;
}

const whole = { entity: 'a', time: T };
const at = { entity: 'a', timeMs: T };
const telegraf = (more: object) => ({ name: 'cpu', tags: { host: 'a' }, fields: { v: 1 }, timestamp: T, ...more });
const otlp = (metric: object, attributes: object[] = [{ key: 'host.name', value: { stringValue: 'a' } }]) => ({
  resourceMetrics: [{ resource: { attributes }, scopeMetrics: [{ metrics: [{ name: 'm', ...metric }] }] }],
});
const gauge = (point: object) => ({ gauge: { dataPoints: [{ timeUnixNano: `${T}000000`, ...point }] } });

it.each<[Encoding, unknown, [string, PointAt | null][]]>([
  ['tidewatch_json', 'no json', [['record_not_json', null]]],
  ['tidewatch_json', '', [['record_empty', null]]],
  ['tidewatch_json', '\xff', [['record_not_utf8', null]]],
  ['tidewatch_json', { time: T, values: { m: 1 } }, [['entity_missing', null]]],
  ['tidewatch_json', { entity: 'a', values: { m: 1 } }, [['time_invalid', null]]],
  ['tidewatch_json', { ...whole, values: [] }, [['record_shape', null]]],
  ['tidewatch_json', [{ time: T, values: { m: 1 } }], [['entity_missing', {}]]],
  ['tidewatch_json', [{ entity: 'a', values: { m: 1 } }], [['time_invalid', { entity: 'a' }]]],
  ['tidewatch_json', [{ ...whole, values: 1 }], [['record_shape', at]]],
  ['tidewatch_json', `${JSON.stringify({ ...whole, values: { m: 1 } })}\nbad`, [['record_not_json', {}]]],
  ['tidewatch_json', { ...whole, values: { m: 'x', n: 1 } }, [['value_not_number', { ...at, metric: 'm' }]]],
  ['tidewatch_json', `{"entity":"a","time":${T},"values":{"m":NaN}}`, [['value_not_finite', { ...at, metric: 'm' }]]],
  ['tidewatch_json', { ...whole, values: { '': 1 } }, [['name_invalid', at]]],
  ['tidewatch_json', { ...whole, totals: { m: 'x' } }, [['value_not_number', { ...at, metric: 'm' }]]],
  ['influx', '', [['record_empty', null]]],
  ['influx', 'cpu v=1', [['entity_missing', {}]]],
  ['influx', 'cpu,host=a v', [['line_syntax', {}]]],
  ['influx', `cpu,host=a v=NaN,w=1 ${T}000000`, [['value_not_finite', { ...at, metric: 'cpu_v' }]]],
  ['telegraf_json', '{', [['record_not_json', null]]],
  ['telegraf_json', telegraf({ tags: {} }), [['entity_missing', null]]],
  ['telegraf_json', { metrics: [telegraf({ tags: {} })] }, [['entity_missing', {}]]],
  ['telegraf_json', { metrics: [telegraf({ timestamp: 'x' })] }, [['time_invalid', { entity: 'a' }]]],
  ['telegraf_json', telegraf({ fields: { v: {}, w: 1 } }), [['value_not_number', { ...at, metric: 'cpu_v' }]]],
  ['otlp_json', '[]', [['record_shape', null]]],
  ['otlp_json', otlp(gauge({ asDouble: 1 }), []), [['entity_missing', {}]]],
  ['otlp_json', otlp(gauge({})), [['value_not_number', { ...at, metric: 'm' }]]],
  ['otlp_json', otlp(gauge({ timeUnixNano: '0', asDouble: 1 })), [['time_invalid', { entity: 'a' }]]],
  ['otlp_json', otlp({}), [['record_shape', { entity: 'a' }]]],
  ['otlp_proto', '\xff\xff', [['record_not_protobuf', null]]],
])('%s %j: a fault is of a point, as far as it is known, or of the record', (encoding, record, faults) => {
  expect(faultsOf(encoding, typeof record === 'string' ? record : JSON.stringify(record))).toEqual(faults);
});
