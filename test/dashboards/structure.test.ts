import { describe, expect, it } from 'vitest';
import { COLUMNS } from '../../dashboards/dashboard.ts';
import { build } from '../../dashboards/index.ts';
import { cell, DASHBOARDS, TAG } from '../../dashboards/links.ts';
import { makeOptions } from './make.ts';
import { complaintsAbout, type Model, type PanelModel } from './model.ts';

const options = makeOptions();
const files = build(options);
const modelAt = (uid: string): Model => JSON.parse(files.get(`grafana/dashboards/${uid}.json`)!);
const models = Object.values(DASHBOARDS).map(({ uid }) => [uid, modelAt(uid)] as const);

/** Heights in pixels of Grafana's grid and of what stands above it. */
const GRID = { rowPx: 30, gapPx: 8, aroundPx: 32, topPx: 81, controlsPx: 2 * 40 };
const SCREEN_PX = 900;

describe('every dashboard', () => {
  it.each(models)('%s has panels that say what they are, and that fit', (_, model) => {
    expect(complaintsAbout(model)).toEqual([]);
  });

  it('has an address, a tag and a title of its own', () => {
    expect(models.map(([, { uid }]) => uid)).toEqual(models.map(([uid]) => uid));
    expect(new Set(models.map(([, { title }]) => title)).size).toBe(models.length);
    for (const [, { tags }] of models) expect(tags).toEqual([TAG]);
  });

  it('leads to the others, at the same time, and to the console', () => {
    for (const [, { links }] of models) {
      expect(links).toContainEqual(expect.objectContaining({ type: 'dashboards', tags: [TAG], keepTime: true }));
      expect(links.some(({ url }) => url?.startsWith(options.consoleUrl))).toBe(true);
    }
  });

  it('leads to dashboards that exist, with variables that they have', () => {
    const text = JSON.stringify([...models]);
    const found = [...text.matchAll(/\/d\/([\w-]+)\?([^"]*)/g)];
    expect(found.length).toBeGreaterThan(4);
    for (const [, uid, query] of found) {
      const { templating } = modelAt(uid!);
      for (const [, name] of query!.matchAll(/var-(\w+)=/g))
        expect(templating.list.map((variable) => variable.name)).toContain(name);
    }
  });

  it('marks decisions and changes of models', () => {
    for (const [, { annotations }] of models)
      expect(annotations.list.map(({ name }) => name)).toEqual(expect.arrayContaining(['Decisions', 'Model changes']));
  });
});

describe('the overview', () => {
  const { panels } = modelAt(DASHBOARDS.overview.uid);

  it('is seen without scrolling at 1440 × 900', () => {
    const rows = Math.max(...panels.map(({ gridPos: { y, h } }) => y + h));
    const heightPx = GRID.topPx + GRID.controlsPx + GRID.aroundPx + rows * (GRID.rowPx + GRID.gapPx) - GRID.gapPx;
    expect(heightPx).toBeLessThanOrEqual(SCREEN_PX);
  });

  it('answers its questions in the order in which they are asked', () => {
    expect(panels.slice(0, 9).map(({ title }) => title)).toEqual([
      'Is telemetry arriving?',
      'How far behind?',
      'Is the detector trustworthy?',
      'Likely cause',
      'Open incidents',
      'The controller',
      'What is anomalous, and why?',
      'What should I do now?',
      'What did the controller do?',
    ]);
  });
});

describe('the entity dashboard', () => {
  it('draws each feature that is chosen, with its band', () => {
    const panel = modelAt(DASHBOARDS.entity.uid).panels.find(({ repeat }) => repeat === 'feature')!;
    const fills = panel.fieldConfig.overrides.flatMap(({ properties }) => properties);
    expect(fills).toContainEqual({ id: 'custom.fillBelowTo', value: 'expected, low' });
  });
});

describe('the checks', () => {
  const first = ({ fieldConfig }: PanelModel) => fieldConfig.overrides[0]!;
  const planted = (change: (model: Model) => void): string[] => {
    const model = structuredClone(modelAt(DASHBOARDS.overview.uid));
    change(model);
    return complaintsAbout(model);
  };

  const LINK = { id: 'links', value: [{ url: `/d/x?${cell('Host')}` }] };
  it.each<[string, RegExp, (model: Model) => unknown]>([
    ['an id that is there twice', /id 1 is there twice/, ({ panels }) => Object.assign(panels[1]!, { id: 1 })],
    ['panels that overlap', /lie on each other/, ({ panels }) => Object.assign(panels[1]!.gridPos, { x: 0 })],
    ['a panel beside the grid', /beside the grid/, ({ panels }) => Object.assign(panels[0]!.gridPos, { x: COLUMNS })],
    ['a panel without a description', /no description/, ({ panels }) => Object.assign(panels[0]!, { description: '' })],
    ['no unit', /no unit/, ({ panels }) => Object.assign(panels[0]!.fieldConfig.defaults, { unit: '' })],
    ['no words', /no words/, ({ panels }) => Object.assign(panels[0]!.fieldConfig.defaults, { noValue: '' })],
    ['an unknown kind', /stats is no panel of Grafana/, ({ panels }) => Object.assign(panels[0]!, { type: 'stats' })],
    ['an unknown option', /no option graph/, ({ panels }) => Object.assign(panels[0]!.options, { graph: 'area' })],
    [
      'an override of no column',
      /no column Host/,
      ({ panels }) => Object.assign(first(panels[6]!).matcher, { options: 'Host' }),
    ],
    ['a link to no column', /no column Host/, ({ panels }) => Object.assign(first(panels[6]!), { properties: [LINK] })],
    ['an unknown variable', /no variable host/, ({ panels }) => Object.assign(panels[0]!, { title: 'Of $host' })],
  ])('find %s', (_, complaint, change) => {
    expect(planted(change).join('\n')).toMatch(complaint);
  });
});
