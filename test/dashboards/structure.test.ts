import { describe, expect, it } from 'vitest';
import { COLUMNS } from '../../dashboards/dashboard.ts';
import { build } from '../../dashboards/index.ts';
import { cell, DASHBOARDS, TAG } from '../../dashboards/links.ts';
import { ANSWER_SIZES, LONGEST_ANSWER } from '../../dashboards/panels.ts';
import { makeOptions } from './make.ts';
import { complaintsAbout, type Model, type PanelModel } from './model.ts';

const options = makeOptions();
const files = build(options);
const modelAt = (uid: string): Model => JSON.parse(files.get(`grafana/dashboards/${uid}.json`)!);
const models = Object.values(DASHBOARDS).map(({ uid }) => [uid, modelAt(uid)] as const);

/**
 * Heights in pixels of Grafana's grid and of what stands above it: the bar with the title and the one with the buttons, then
 * rows of controls.
 */
const GRID = { rowPx: 30, gapPx: 8, aroundPx: 32, topPx: 81, controlsRowPx: 40 };
const DESKTOP = { heightPx: 900, controlsRows: 2 };
const PHONE = { widthPx: 390, heightPx: 844 };
const QUESTIONS = [
  'Is telemetry arriving?',
  'Is the detector trustworthy?',
  'What is anomalous?',
  'What did the controller do?',
  'What should I do now?',
];

/** Height of a dashboard down to the end of a row of the grid. */
const heightPx = (rows: number, controlsRows: number): number =>
  GRID.topPx + controlsRows * GRID.controlsRowPx + GRID.aroundPx + rows * (GRID.rowPx + GRID.gapPx) - GRID.gapPx;

/** Variables that stand in the open: 2 is hidden, 3 is in the menu of controls. */
const inTheOpen = ({ templating }: Model) => templating.list.filter(({ hide = 0 }) => hide < 2);

/**
 * What stands above the panels on a phone: a row for the time, one for each variable, and one for the links, beside which
 * the menu of controls has its place. Marks have theirs in that menu.
 */
const phoneControlsRows = (model: Model): number => {
  const marks = model.annotations.list.filter(({ placement }) => placement !== 'inControlsMenu');
  return 1 + inTheOpen(model).length + marks.length + (model.links.length > 0 ? 1 : 0);
};

/** On a phone panels stand below each other in the order of reading, each as wide as the screen and as high as before. */
const stackedPx = (model: Model, count: number): number => {
  const order = model.panels.toSorted((a, b) => a.gridPos.y - b.gridPos.y || a.gridPos.x - b.gridPos.x);
  const rows = order.slice(0, count).reduce((sum, { gridPos }) => sum + gridPos.h, 0);
  return heightPx(rows, phoneControlsRows(model));
};

/** Sides of a panel and of the text in it, and the mean width of a letter at this size and weight, all of it generous. */
const TEXT = { panelPx: 18, insidePx: 16, letterEm: 0.58, lineEm: 1.2, headerPx: 32 };
const widthsPx = ({ gridPos: { w } }: PanelModel): number[] => {
  const [desktop, phone] = [1440 - GRID.aroundPx, PHONE.widthPx - GRID.aroundPx];
  return [((desktop + GRID.gapPx) / COLUMNS) * w - GRID.gapPx, phone];
};

/** Height that text takes which breaks between words, in pixels. */
function textPx(text: string, widthPx: number, sizePx: number): number {
  const most = Math.floor((widthPx - TEXT.panelPx - TEXT.insidePx) / (sizePx * TEXT.letterEm));
  let lines = 1;
  let letters = 0;
  for (const { length } of text.split(' ')) {
    const added = letters === 0 ? length : letters + 1 + length;
    if (added > most) lines++;
    letters = added > most ? length : added;
  }
  return lines * sizePx * TEXT.lineEm;
}

describe('every dashboard', () => {
  it.each(models)('%s has panels that say what they are, and that fit', (_, model) => {
    expect(complaintsAbout(model)).toEqual([]);
  });

  it.each(models)('%s says what is not there in letters that can be read, within the panel', (_, { panels }) => {
    for (const panel of panels.filter(({ type }) => type === 'stat')) {
      const { valueSize } = panel.options.text as { valueSize: number };
      const insidePx = panel.gridPos.h * (GRID.rowPx + GRID.gapPx) - GRID.gapPx - TEXT.headerPx - TEXT.panelPx;
      for (const widthPx of widthsPx(panel))
        expect(textPx(panel.fieldConfig.defaults.noValue!, widthPx, valueSize), panel.title).toBeLessThanOrEqual(
          insidePx,
        );
    }
  });

  it('could not say it in a sentence of 88 letters, a sixth of the screen wide', () => {
    const sentence = 'No model has served yet: the fallback judges until there is enough history to train one';
    expect(textPx(sentence, 228, 18)).toBeGreaterThan(4 * (GRID.rowPx + GRID.gapPx) - TEXT.headerPx - TEXT.panelPx);
    expect(textPx('one two three', 9 * 18, 18)).toBe(2 * 18 * TEXT.lineEm);
  });

  it('has an address, a tag and a title of its own', () => {
    expect(models.map(([, { uid }]) => uid)).toEqual(models.map(([uid]) => uid));
    expect(new Set(models.map(([, { title }]) => title)).size).toBe(models.length);
    for (const [, { tags }] of models) expect(tags).toEqual([TAG]);
  });

  it('has panels and marks of different names', () => {
    for (const [, { panels, annotations }] of models) {
      const names = [...panels, ...annotations.list].map((one) => ('title' in one ? one.title : one.name));
      expect(names.filter((name, i) => names.indexOf(name) < i)).toEqual([]);
    }
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
  const model = modelAt(DASHBOARDS.overview.uid);
  const { panels } = model;
  const answers = panels.filter(({ gridPos }) => gridPos.y === 0);

  it('is seen without scrolling at 1440 × 900', () => {
    const rows = Math.max(...panels.map(({ gridPos: { y, h } }) => y + h));
    expect(heightPx(rows, DESKTOP.controlsRows)).toBeLessThanOrEqual(DESKTOP.heightPx);
  });

  it('answers its questions in the order in which they are asked, in its first row and nothing else there', () => {
    expect(answers.map(({ title }) => title)).toEqual(QUESTIONS);
    expect(answers.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5]);
  });

  it('shows the five answers without scrolling on a phone of 390 × 844', () => {
    expect(phoneControlsRows(model)).toBe(3);
    expect(stackedPx(model, answers.length)).toBeLessThanOrEqual(PHONE.heightPx);
  });

  it('would not show them there with one answer more, higher answers, or data sources in the open', () => {
    expect(stackedPx(model, answers.length + 1)).toBeGreaterThan(PHONE.heightPx);
    const higher = structuredClone(model);
    for (const { gridPos } of higher.panels) gridPos.h = Math.max(4, gridPos.h);
    expect(stackedPx(higher, answers.length)).toBeGreaterThan(PHONE.heightPx);
    const open = structuredClone(model);
    for (const variable of open.templating.list) variable.hide = 0;
    expect(stackedPx(open, answers.length)).toBeGreaterThan(PHONE.heightPx);
  });

  it('says each answer in two lines that fit its panel, on either screen', () => {
    const linePx = ANSWER_SIZES.value * TEXT.lineEm;
    for (const panel of answers.slice(1)) {
      const insidePx = panel.gridPos.h * (GRID.rowPx + GRID.gapPx) - GRID.gapPx - TEXT.headerPx - TEXT.panelPx;
      expect(2 * linePx, panel.title).toBeLessThanOrEqual(insidePx - TEXT.insidePx);
      for (const widthPx of widthsPx(panel)) {
        const letters = (widthPx - TEXT.panelPx - TEXT.insidePx) / (ANSWER_SIZES.value * TEXT.letterEm);
        expect(2 * Math.floor(letters), panel.title).toBeGreaterThanOrEqual(LONGEST_ANSWER);
      }
    }
  });

  it('has no fixed answer that is longer, and none that is said by colour alone', () => {
    for (const { title, fieldConfig } of answers) {
      const { noValue, mappings = [] } = fieldConfig.defaults;
      const texts = mappings.flatMap(({ type, options }) =>
        type === 'value' ? Object.values(options).map(({ text }) => text ?? '') : [],
      );
      for (const text of [noValue!, ...texts])
        expect(text.length, `${title}: ${text}`).toBeLessThanOrEqual(LONGEST_ANSWER);
      expect(texts, title).not.toContain('');
      expect(noValue).toMatch(/^Unknown: /);
    }
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
    [
      'an override of no column',
      /no column Host/,
      ({ panels }) => Object.assign(first(panels[5]!).matcher, { options: 'Host' }),
    ],
    ['a link to no column', /no column Host/, ({ panels }) => Object.assign(first(panels[5]!), { properties: [LINK] })],
    ['an unknown variable', /no variable host/, ({ panels }) => Object.assign(panels[0]!, { title: 'Of $host' })],
  ])('find %s', (_, complaint, change) => {
    expect(planted(change).join('\n')).toMatch(complaint);
  });
});
