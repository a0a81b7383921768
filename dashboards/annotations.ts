import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import { type AnnotationQuery, AnnotationQueryBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { COLOURS } from './colours.ts';
import { inTime, ofEntity, ofStreams, view } from './sql.ts';
import { POSTGRES, sqlTable } from './target.ts';

/** Marks on every panel over time: when, what, and how it is labelled. */
export interface Annotation {
  name: string;
  sql: string;
  build(): Builder<AnnotationQuery>;
}

function annotation(name: string, colour: string, text: string): Annotation {
  const target = sqlTable(text);
  return {
    name,
    sql: target.expr,
    build: () =>
      new AnnotationQueryBuilder()
        .name(name)
        .datasource(POSTGRES)
        .enable(true)
        .hide(false)
        .iconColor(colour)
        .target(target.build('Anno')),
  };
}

const MOST = 500;

/** What the controller, or a person, decided; what was only looked at is left out. */
export const decisions = annotation(
  'Decisions',
  COLOURS.orange,
  `SELECT time, stream || ': ' || replace(action, '_', ' ') || ' (' || result || '). ' || reason AS text,
     concat_ws(',', action, result, trigger) AS tags
   FROM ${view('decisions')}
   WHERE ${ofStreams} AND ${inTime} AND action NOT IN ('look', 'label')
   ORDER BY time DESC LIMIT ${MOST}`,
);

/** When another model, share or mode began to serve. */
export const modelChanges = annotation(
  'Model changes',
  COLOURS.purple,
  `SELECT time, stream || ': ' || coalesce(left(champion, 12), 'no model') || ' serves'
     || coalesce(', ' || left(challenger, 12) || ' has ' || round((100 * share)::numeric) || ' %', '') || '. ' || reason AS text,
     concat_ws(',', 'serving', mode) AS tags
   FROM ${view('roles')}
   WHERE ${ofStreams} AND ${inTime}
   ORDER BY time DESC LIMIT ${MOST}`,
);

/** Incidents of the entity, as long as they lasted. */
export const incidentsOfEntity = annotation(
  'Incidents',
  COLOURS.vermilion,
  `SELECT started AS time, coalesce(resolved, last_seen) AS timeend, summary AS text,
     concat_ws(',', kind, CASE WHEN open THEN 'open' ELSE 'resolved' END) AS tags
   FROM ${view('incidents')}
   WHERE ${ofEntity} AND last_ms >= 1000::bigint * $__unixEpochFrom() AND time_ms <= 1000::bigint * $__unixEpochTo()
   ORDER BY started DESC LIMIT ${MOST}`,
);
