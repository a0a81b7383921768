import { get, post, remove } from './api.js';
import { h, panel, part } from './dom.js';
import { empty, loader } from './states.js';
import { timeElement } from './time.js';

const MINUTE_MS = 60_000;
const LENGTHS_MIN = [2, 5, 10, 30, 60, 120];
/** Status messages from one reading of the faults to the next. */
const READ_EVERY = 3;
const STRENGTHS = [0.5, 1, 2, 3];

/** The demo fleet's switchboard: put a fault in, see what is active, stop it. */
export function faultPanel(page) {
  const { node, body } = panel('Inject a fault', { class: 'area-faults' });
  const wide = matchMedia('(min-width: 900px)').matches;
  const active = h('div', { class: 'active-faults' });
  const said = h('p', { class: 'said', role: 'status' });
  let titles = new Map();
  const drawActive = part(active, (list) => activeList(list, titles, stop));
  const place = h('div');
  const drawForm = part(place, (kinds, entities) => form(kinds, entities, inject));

  const load = loader(
    body,
    'faults',
    page.signal,
    () => get('/api/faults', {}, page.signal),
    (data) => {
      titles = new Map(data.kinds.map((k) => [k.name, k.title]));
      if (!body.hasChildNodes()) {
        if (!data.demo) {
          body.append(empty('The demo fleet is switched off.', 'Faults can be put into the demo fleet only.'));
          return;
        }
        const summary = h('summary', null, 'Try it: break something in the demo fleet');
        body.append(h('details', { open: wide }, summary, place), said, active);
      }
      drawForm(data.kinds, [...data.entities].sort());
      drawActive(data.active);
    },
  );

  async function inject(request, button) {
    button.disabled = true;
    try {
      const fault = await post('/api/faults', request);
      const what = fault.metric === null ? fault.entity : `${fault.metric} of ${fault.entity}`;
      said.className = 'said';
      said.textContent = `${titles.get(fault.fault)} put on ${what}. Watch for the incident.`;
    } catch (error) {
      said.className = 'said failed';
      said.textContent = `${error.message} ${error.remedy}`;
    }
    button.disabled = false;
    load();
  }

  async function stop(id) {
    try {
      await remove(`/api/faults/${encodeURIComponent(id)}`);
      said.className = 'said';
      said.textContent = 'Stopped.';
    } catch (error) {
      said.className = 'said failed';
      said.textContent = `${error.message} ${error.remedy}`;
    }
    load();
  }

  // Others inject as well, and faults end by themselves.
  let heard = 0;
  page.on('status', () => {
    if (++heard % READ_EVERY === 0) load();
  });
  return { node, load };
}

function activeList(list, titles, stop) {
  if (list.length === 0) return null;
  return [
    h('h3', null, 'Active'),
    h(
      'ul',
      null,
      list.map((fault) => {
        const name = titles.get(fault.fault) ?? fault.fault;
        const where = fault.metric === null ? fault.entity : `${fault.entity} ${fault.metric}`;
        return h(
          'li',
          null,
          h('span', null, h('b', null, name), ` on ${where}, `, timeElement(fault.endMs, 'left')),
          h(
            'button',
            {
              type: 'button',
              class: 'small',
              'aria-label': `Stop ${name} on ${where}`,
              dataset: { key: `stop ${fault.id}` },
              onclick: () => stop(fault.id),
            },
            'Stop',
          ),
        );
      }),
    ),
  ];
}

function form(kinds, entities, inject) {
  const description = h('p', { class: 'hint', id: 'fault-description' });
  const fault = select(
    'fault',
    kinds.map((k) => [k.name, k.title]),
    { 'aria-describedby': 'fault-description' },
  );
  const entity = select('entity', [['', 'Any'], ...entities.map((e) => [e, e])]);
  const metric = select('metric', []);
  const length = select('length', [['', 'Usual'], ...LENGTHS_MIN.map((m) => [m * MINUTE_MS, `${m} min`])]);
  const strength = select(
    'strength',
    STRENGTHS.map((s) => [s, s === 1 ? 'Usual' : `× ${s}`]),
  );
  strength.value = '1';
  const button = h('button', { type: 'submit', class: 'primary' }, 'Inject fault');
  const choose = () => {
    const kind = kinds.find((k) => k.name === fault.value);
    description.textContent = kind.description;
    metric.replaceChildren(option('', kind.metrics.length > 0 ? 'Most fitting' : 'Whole entity'));
    for (const name of kind.metrics) metric.append(option(name, name));
    metric.disabled = kind.metrics.length === 0;
  };
  if (kinds.some((k) => k.name === 'latency_step')) fault.value = 'latency_step';
  fault.addEventListener('change', choose);
  choose();
  return h(
    'form',
    {
      class: 'fault-form',
      onsubmit: (event) => {
        event.preventDefault();
        inject(
          {
            fault: fault.value,
            magnitude: Number(strength.value),
            ...(entity.value && { entity: entity.value }),
            ...(metric.value && { metric: metric.value }),
            ...(length.value && { durationMs: Number(length.value) }),
          },
          button,
        );
      },
    },
    field('Fault', fault, 'wide'),
    description,
    field('Entity', entity),
    field('Metric', metric),
    field('Length', length),
    field('Strength', strength),
    button,
  );
}

const option = (value, text) => h('option', { value }, text);

function field(label, input, extra = '') {
  input.id = `fault-${input.name}`;
  return h('div', { class: `field ${extra}` }, h('label', { for: input.id }, label), input);
}

function select(name, options, props = {}) {
  return h(
    'select',
    { name, ...props },
    options.map(([value, text]) => option(value, text)),
  );
}
