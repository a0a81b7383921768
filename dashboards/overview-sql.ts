import { LONGEST_ANSWER } from './panels.ts';
import { cut, inTime, ofStreams, view, wordsOf } from './sql.ts';

/**
 * What waits for a person: where a controller stands still until somebody says something, and the newest decision of each
 * trigger that called for somebody, or that was held back. `what`: to be done, in few words.
 */
const WAITING = `
  decided AS (
    SELECT DISTINCT ON (stream, coalesce(trigger, action)) runbook, urgency, reason, stream, time,
      CASE WHEN runbook = '' THEN 'read decision ' || id ELSE 'runbook ' || runbook || ', ' || stream END AS what
    FROM ${view('decisions')} WHERE ${ofStreams} AND ${inTime} AND action NOT IN ('await_approval', 'suspend', 'resume', 'label')
    ORDER BY stream, coalesce(trigger, action), seq DESC
  ), standing AS (
    SELECT '' AS runbook, 'page' AS urgency, 'The controller is suspended: nothing is decided until somebody resumes it' AS reason,
      stream, time, 'resume the controller, ' || stream AS what FROM ${view('controllers')} WHERE ${ofStreams} AND suspended
    UNION ALL
    SELECT '', 'ticket', 'A candidate waits to be approved or rejected: ' || candidate, stream, phase_since,
      'approve or reject, ' || stream
    FROM ${view('controllers')} WHERE ${ofStreams} AND phase = 'approval'
  ), waiting AS (
    SELECT *, CASE urgency WHEN 'page' THEN 0 ELSE 1 END AS rank
    FROM (SELECT * FROM standing UNION ALL SELECT * FROM decided WHERE urgency IN ('page', 'ticket')) AS all_of_it
  )`;

export const toDo = (): string => `
  WITH ${WAITING.trim()}
  SELECT runbook AS "Runbook", urgency AS "Urgency", reason AS "Why", stream AS "Stream", time AS "Since"
  FROM waiting ORDER BY rank, time DESC LIMIT 20`;

/** Rows with text, rank and time as one answer, that of the lowest rank and the newest. */
const firstOf = (rows: string): string => `
  SELECT ${cut('text', LONGEST_ANSWER)} AS "Answer" FROM ${rows} ORDER BY rank, time DESC NULLS LAST LIMIT 1`;

/** Of open incidents the most severe, with what is unlike itself in it. */
const WORST = `
  SELECT count(*) OVER () AS count, entity, stream, started, split_part(split_part(summary, ';', 1), ', ', 1) AS why
  FROM ${view('incidents')} WHERE ${ofStreams} AND open ORDER BY peak_severity DESC NULLS LAST, started LIMIT 1`;

/** How many incidents are open, and the worst in words. No row while nothing was judged. */
export const anomalousNow = (): string => `
  WITH worst AS (${WORST}
  ), told AS (
    SELECT count || ' open: ' || ${cut('entity', 16)} || ', ' || why AS text, entity, stream FROM worst
    UNION ALL
    SELECT 'Nothing', '', '' WHERE NOT EXISTS (SELECT 1 FROM worst)
      AND EXISTS (SELECT 1 FROM ${view('entities')} WHERE ${ofStreams})
  )
  SELECT ${cut('text', LONGEST_ANSWER)} AS "Answer", entity AS "Entity", stream AS "Stream" FROM told`;

const RESULTS = { done: 'Done', held: 'Held', dry_run: 'Dry run', refused: 'Refused' };

/** Where a controller stands still, else the newest decision with its result. No row while no controller has looked. */
export const controllerNow = (): string => `
  WITH standing AS (
    SELECT count(*) AS count, min(stream) AS stream, min(held_by) AS held_by, max(time) AS time, rank
    FROM (
      SELECT stream, held_by, time,
        CASE WHEN suspended THEN 0 WHEN phase = 'approval' THEN 1 WHEN held_by IS NOT NULL THEN 2 ELSE 4 END AS rank
      FROM ${view('controllers')} WHERE ${ofStreams}
    ) AS ranked GROUP BY rank
  ), told AS (
    SELECT rank, time, CASE rank WHEN 0 THEN 'Suspended, decides nothing: ' WHEN 1 THEN 'Waits for approval: '
        WHEN 2 THEN 'On hold by ' || held_by || ': ' ELSE 'Nothing in this time' END
      || CASE rank WHEN 4 THEN '' ELSE stream || CASE WHEN count > 1 THEN ' +' || count - 1 ELSE '' END END AS text
    FROM standing
    UNION ALL (
      SELECT 3, time, ${wordsOf('result', RESULTS)} || ': ' || replace(action, '_', ' ') || ', ' || stream
      FROM ${view('decisions')} WHERE ${ofStreams} AND ${inTime} AND action NOT IN ('look', 'label')
      ORDER BY seq DESC LIMIT 1
    )
  )${firstOf('told')}`;

/** The first of what waits for a person, else the worst incident. No row while no controller has looked and none is open. */
export const firstToDo = (): string => `
  WITH ${WAITING.trim()}, told AS (
    SELECT rank, time, initcap(urgency) || ': ' || what
      || CASE WHEN count(*) OVER () > 1 THEN ' +' || count(*) OVER () - 1 ELSE '' END AS text FROM waiting
    UNION ALL
    SELECT 2, started, 'Look at ' || ${cut('entity', 17)} || ', then label it' FROM (${WORST}
    ) AS worst
    UNION ALL
    SELECT 3, max(time), 'Nothing: no decision or incident waits' FROM ${view('controllers')} WHERE ${ofStreams} HAVING count(*) > 0
  )${firstOf('told')}`;

/** Figures of the newest observation of each stream that are not as they should be, with the limit on that side. */
export const beyond = (): string => `
  WITH newest AS (
    SELECT stream AS of_stream, max(time_ms) AS at_ms FROM ${view('observations')} WHERE ${ofStreams} AND ${inTime} GROUP BY stream
  )
  SELECT figure AS "Figure", span AS "Span", status AS "Status", value AS "Value",
    CASE WHEN limit_low IS NOT NULL AND value < limit_low THEN limit_low ELSE limit_high END AS "Limit", stream AS "Stream"
  FROM newest JOIN ${view('figures')} f ON f.stream = of_stream AND f.time_ms = at_ms
  WHERE status IN ('warn', 'drift')
  ORDER BY status, stream, figure, span LIMIT 50`;
