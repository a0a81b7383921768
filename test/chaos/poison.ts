/** Bytes that no telemetry should hold, each with a number of its own in it so that it can be told from all others. */
export const POISONS: readonly ((n: number) => Buffer | null)[] = [
  (n) => Buffer.from(`{"entity":"p${n}","time":`),
  (n) => Buffer.from(`{"entity":"p${n}","time":"soon","values":{"a":1}}`),
  (n) => Buffer.from(`{"entity":"p${n}","time":1,"values":{"a":NaN}}`),
  (n) => Buffer.from(`{"entity":"p${n}","time":1,"values":{"a":"one","b":true}}`),
  (n) => Buffer.from(`{"n":${n},"deep":${'['.repeat(500)}${']'.repeat(500)}}`),
  (n) => Buffer.from(`{"entity":"p${n}","time":1,"values":{"__proto__":1}}`),
  (n) => Buffer.concat([Buffer.from(`{"entity":"p${n}`), Buffer.from([0xff, 0xfe, 0x80]), Buffer.from('"}')]),
  (n) => Buffer.from(`p${n} is no JSON at all`),
  (n) => Buffer.from(`{"entity":"","time":1,"values":{"p${n}":1}}`),
  (n) => Buffer.from(`{"entity":"p${n}","time":99999999999999,"values":{"a":1}}`),
  (n) => Buffer.from(`{"entity":"p${n}","version":99,"time":1}`),
  (n) => Buffer.from(`"${'x'.repeat(900 << 10)}${n}"`),
  () => null,
  () => Buffer.alloc(0),
];
