import { describe, expect, it } from 'vitest';
import { COLOURS, STATE_COLOURS } from '../../dashboards/colours.ts';

type Rgb = readonly [number, number, number];

const linear = (hex: string): Rgb => {
  const parts = [1, 3, 5].map((i) => Number.parseInt(hex.slice(i, i + 2), 16) / 255);
  const [r, g, b] = parts.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return [r!, g!, b!];
};

/** Machado, Oliveira and Fernandes (2009), full severity. */
const VISION: Readonly<Record<string, readonly Rgb[]>> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

/** CIE L*a*b* of a colour as somebody sees it, D65. */
function lab(hex: string, vision: string): Rgb {
  const colour = linear(hex);
  const [r, g, b] = VISION[vision]!.map((row) => Math.min(1, Math.max(0, dot(row, colour)))) as unknown as Rgb;
  const f = (t: number) => (t > 216 / 24389 ? Math.cbrt(t) : (24389 / 27) * (t / 116) + 16 / 116);
  const x = f((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047);
  const y = f(0.2126729 * r + 0.7151522 * g + 0.072175 * b);
  const z = f((0.0193339 * r + 0.119192 * g + 0.9503041 * b) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}
const dot = (a: Rgb, b: Rgb): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const apart = (a: string, b: string, vision: string): number => {
  const [p, q] = [lab(a, vision), lab(b, vision)];
  return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
};
const contrast = (a: string, b: string): number => {
  const light = [a, b].map((hex) => dot([0.2126, 0.7152, 0.0722], linear(hex))).sort((x, y) => y - x);
  return (light[0]! + 0.05) / (light[1]! + 0.05);
};
/** In CIE76, where 2.3 is just noticeable side by side: a difference that is seen at a glance. */
const AT_A_GLANCE = 15;

describe('colours of states', () => {
  const pairs = Object.entries(STATE_COLOURS).flatMap(([a, one], i, all) =>
    all.slice(i + 1).map(([b, other]) => [a, b, one, other] as const),
  );

  it.each(Object.keys(VISION))('are told apart with %s vision', (vision) => {
    for (const [a, b, one, other] of pairs)
      expect.soft(apart(one, other, vision), `${a} and ${b}`).toBeGreaterThan(AT_A_GLANCE);
  });

  it('would not pass as red and green', () => {
    expect(apart('#73BF69', '#F2495C', 'deuteranopia')).toBeLessThan(
      apart(STATE_COLOURS.ok, STATE_COLOURS.bad, 'deuteranopia'),
    );
  });

  it('stand out from the dark background of Grafana', () => {
    for (const hex of Object.values(STATE_COLOURS)) expect.soft(contrast(hex, '#181B1F'), hex).toBeGreaterThan(3);
    expect(Object.values(COLOURS)).toEqual(expect.arrayContaining(Object.values(STATE_COLOURS)));
  });
});
