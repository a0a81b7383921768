import { post } from './api.js';
import { field, select } from './dialog.js';
import { h } from './dom.js';
import { now, zone } from './time.js';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** "2026-01-07T15:30", in the reader's time zone, as inputs of dates want it. */
export function localText(ms) {
  const zoneMs = new Date(ms).getTimezoneOffset() * MINUTE_MS;
  return new Date(ms - zoneMs).toISOString().slice(0, 16);
}

/** Plans a window. The server has the last word on what is valid, and its words are shown. */
export function maintenanceForm(streams, said, planned) {
  const stream = select('stream', [['', 'All streams'], ...streams.map((s) => [s, s])]);
  const entity = h('input', { name: 'entity', maxlength: 256, autocomplete: 'off' });
  const metric = h('input', { name: 'metric', maxlength: 256, autocomplete: 'off' });
  const start = Math.floor(now() / MINUTE_MS) * MINUTE_MS;
  const from = h('input', { name: 'from', type: 'datetime-local', required: true, value: localText(start) });
  const to = h('input', { name: 'to', type: 'datetime-local', required: true, value: localText(start + HOUR_MS) });
  const reason = h('input', { name: 'reason', required: true, maxlength: 1000, autocomplete: 'off' });
  const button = h('button', { type: 'submit', class: 'primary' }, 'Plan maintenance');
  const id = (name) => `maintenance-${name}`;
  return h(
    'form',
    {
      class: 'maintenance-form',
      onsubmit: async (event) => {
        event.preventDefault();
        if (Date.parse(from.value) >= Date.parse(to.value)) {
          said.fail({ message: 'From must be before to.' });
          from.focus();
          return;
        }
        button.disabled = true;
        try {
          const made = await post('/api/maintenance', {
            stream: stream.value || null,
            entity: entity.value.trim() || null,
            metric: metric.value.trim() || null,
            fromMs: Date.parse(from.value),
            toMs: Date.parse(to.value),
            reason: reason.value,
          });
          said.say(h('p', null, `Planned: ${made.reason}.`));
          reason.value = '';
        } catch (error) {
          said.fail(error);
        }
        button.disabled = false;
        planned();
      },
    },
    field('Reason, shown with what it keeps back', reason, id('reason'), 'wide'),
    field('From', from, id('from')),
    field('To', to, id('to')),
    field('Stream', stream, id('stream'), 'wide'),
    field('Entity, empty for all', entity, id('entity')),
    field('Metric, empty for all', metric, id('metric')),
    h('p', { class: 'hint wide' }, `Event time, in ${zone}.`),
    button,
  );
}
