-- What dashboards read: a row a fact, unpacked from JSON, with names that say what they are.
--
-- Every view that has `time` (timestamptz) has `time_ms` too, the same in milliseconds since the Unix epoch. Ask for a
-- range by time_ms: partitions and indexes are by it, and a range of `time` alone reads every day that there is.
--   WHERE stream = 'hosts' AND time_ms BETWEEN 1000::bigint * $__unixEpochFrom() AND 1000::bigint * $__unixEpochTo()
-- Numbers that Grafana cannot draw (NaN, infinite bounds) are NULL. Nothing here came from outside as bytes: no payloads,
-- no artifacts, no states.

DROP VIEW grafana.verdicts, grafana.incidents, grafana.entities, grafana.dead_letters, grafana.partitions,
  grafana.lost_ranges, grafana.models, grafana.observations, grafana.figures, grafana.features, grafana.decisions,
  grafana.model_roles, grafana.labels, grafana.maintenance;
--> statement-breakpoint

-- Anomalous windows of a whole fleet, without reading those that are not; few rows, so it costs little to write.
CREATE INDEX verdicts_anomalous ON verdicts (window_start_ms) WHERE severity > 1;
--> statement-breakpoint
CREATE INDEX incidents_by_time ON incidents (stream, start_ms DESC);
--> statement-breakpoint
CREATE INDEX decisions_by_time ON decisions (stream, at_ms);
--> statement-breakpoint

CREATE FUNCTION grafana.finite(x double precision) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN x > '-Infinity'::double precision AND x < 'Infinity'::double precision THEN x END;
--> statement-breakpoint
CREATE FUNCTION grafana.time_of(ms bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN to_timestamp(ms / 1000.0);
--> statement-breakpoint
CREATE FUNCTION grafana.base36(n bigint) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN n < 0 THEN '-' ELSE '' END || coalesce((
  SELECT string_agg(substr('0123456789abcdefghijklmnopqrstuvwxyz', (abs(n) / power % 36)::integer + 1, 1), '' ORDER BY power DESC)
  FROM unnest(ARRAY[1, 36, 1296, 46656, 1679616, 60466176, 2176782336, 78364164096, 2821109907456, 101559956668416,
    3656158440062976]) AS power
  WHERE power <= abs(n)), '0');
--> statement-breakpoint
-- The id by which the console and `explain verdict ID` name it.
CREATE FUNCTION grafana.verdict_id(stream text, entity text, start_ms bigint, length_ms bigint, version integer)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN substr(md5(stream || chr(31) || entity), 1, 16) || '.' || grafana.base36(start_ms) || '.' || grafana.base36(length_ms)
  || '.' || grafana.base36(version);
--> statement-breakpoint

-- time is when the window began. `WHERE anomalous` is answered by an index.
CREATE VIEW grafana.verdicts AS
SELECT grafana.time_of(window_start_ms) AS time, window_start_ms AS time_ms, stream, entity,
  grafana.finite(severity) AS severity, grafana.finite(score) AS score, p_value, severity > 1 AS anomalous, source,
  model_id, calibration_version, probation, grafana.time_of(window_start_ms) AS window_start,
  grafana.time_of(window_start_ms + window_ms) AS window_end, window_ms, schema_version, partition,
  grafana.verdict_id(stream, entity, window_start_ms, window_ms, schema_version) AS id
FROM public.verdicts;
--> statement-breakpoint
-- A row for each feature of a window: what it was, and between what it was expected.
CREATE VIEW grafana.verdict_features AS
SELECT grafana.time_of(v.window_start_ms) AS time, v.window_start_ms AS time_ms, v.stream, v.entity, u.feature,
  grafana.finite(u.value) AS value, grafana.finite(u.low) AS low, grafana.finite(u.high) AS high
FROM public.verdicts v JOIN public.feature_lists f ON f.id = v.features_id
CROSS JOIN LATERAL unnest(f.names, v.vals, v.low, v.high) AS u(feature, value, low, high);
--> statement-breakpoint
-- Why a window was called what it was; windows that are far from anomalous have none. Largest share first: rank 1.
CREATE VIEW grafana.verdict_attributions AS
SELECT grafana.time_of(v.window_start_ms) AS time, v.window_start_ms AS time_ms, v.stream, v.entity,
  v.severity > 1 AS anomalous, a.rank::integer AS rank, a.item->>'metric' AS metric,
  grafana.finite((a.item->>'share')::float8) AS share, grafana.finite((a.item->>'value')::float8) AS value,
  grafana.finite((a.item->>'expectedLow')::float8) AS low, grafana.finite((a.item->>'expectedHigh')::float8) AS high
FROM public.verdicts v CROSS JOIN LATERAL jsonb_array_elements(v.attributions) WITH ORDINALITY AS a(item, rank)
WHERE v.attributions IS NOT NULL;
--> statement-breakpoint

-- time is when it began; last_seen is the end of its newest window; resolved is NULL while it is open.
CREATE VIEW grafana.incidents AS
SELECT grafana.time_of(start_ms) AS time, start_ms AS time_ms, id, stream, entity, kind,
  grafana.time_of(start_ms) AS started, grafana.time_of(last_ms) AS last_seen, grafana.time_of(resolved_ms) AS resolved,
  resolved_ms IS NULL AS open, (coalesce(resolved_ms, last_ms) - start_ms) AS duration_ms,
  grafana.finite(peak_severity) AS peak_severity, windows, summary, attributions->0->>'metric' AS top_metric,
  last_ms, resolved_ms
FROM public.incidents;
--> statement-breakpoint
CREATE VIEW grafana.incident_attributions AS
SELECT i.id, i.stream, i.entity, grafana.time_of(i.start_ms) AS time, i.start_ms AS time_ms, a.rank::integer AS rank,
  a.item->>'metric' AS metric, grafana.finite((a.item->>'share')::float8) AS share,
  grafana.finite((a.item->>'value')::float8) AS value, grafana.finite((a.item->>'expectedLow')::float8) AS low,
  grafana.finite((a.item->>'expectedHigh')::float8) AS high
FROM public.incidents i CROSS JOIN LATERAL jsonb_array_elements(i.attributions) WITH ORDINALITY AS a(item, rank);
--> statement-breakpoint

-- As of its newest window, which ended at last_seen; split: two partitions wrote it less than a day apart.
CREATE VIEW grafana.entities AS
SELECT stream, entity, grafana.time_of(last_window_end_ms) AS last_seen, last_window_end_ms AS last_seen_ms,
  grafana.finite(severity) AS severity, severity > 1 AS anomalous, source, probation, partition,
  split_partition IS NOT NULL AS split
FROM public.entity_status;
--> statement-breakpoint

-- A row a letter: count(*) by code is how many. time is when it was received, event_time the time that it bears.
CREATE VIEW grafana.dead_letters AS
SELECT grafana.time_of(received_ms) AS time, received_ms AS time_ms, stream, code, detail, topic, partition,
  at_offset AS "offset", point, entity, metric, grafana.time_of(time_ms) AS event_time,
  octet_length(value) AS size_bytes, grafana.time_of(redriven_ms) AS redriven
FROM public.dead_letters;
--> statement-breakpoint
-- As of the newest checkpoint; lag_ms is how far its event time is behind the clock.
CREATE VIEW grafana.partitions AS
SELECT p.stream, p.partition, p.owner, p.epoch, grafana.time_of(p.claimed_ms) AS claimed, g.offset_next,
  to_timestamp(grafana.finite(g.watermark_ms) / 1000) AS watermark, grafana.time_of(g.checkpointed_ms) AS checkpointed,
  extract(epoch FROM now()) * 1000 - g.watermark_ms AS lag_ms, octet_length(g.state) AS state_bytes
FROM public.partition_state p LEFT JOIN public.partition_generations g
  ON g.stream = p.stream AND g.partition = p.partition AND g.slot = p.slot;
--> statement-breakpoint
-- What became of every point of a partition since it began, by disposition.
CREATE VIEW grafana.dispositions AS
SELECT p.stream, p.partition, d.key AS disposition, d.value::float8 AS points
FROM public.partition_state p JOIN public.partition_generations g
  ON g.stream = p.stream AND g.partition = p.partition AND g.slot = p.slot
CROSS JOIN LATERAL jsonb_each_text(g.counters) d;
--> statement-breakpoint
CREATE VIEW grafana.lost_ranges AS
SELECT grafana.time_of(noticed_ms) AS time, noticed_ms AS time_ms, stream, partition, from_offset, to_offset,
  to_offset - from_offset AS records, reason
FROM public.lost_ranges;
--> statement-breakpoint

-- role: what it is now, '' for none. The trained_ columns are NULL for a model that this database did not see trained;
-- those of its evaluation until it was compared.
CREATE VIEW grafana.models AS
SELECT m.id, m.stream, grafana.time_of(m.created_ms) AS created, grafana.time_of(m.created_ms) AS time,
  m.created_ms AS time_ms,
  (SELECT coalesce(string_agg(r.role, ', ' ORDER BY r.role), '') FROM public.model_roles r
    WHERE r.model_id = m.id AND r.stream = m.stream) AS role,
  octet_length(m.bytes) AS size_bytes, m.sha256, to_timestamp((m.lineage->>'fromMs')::float8 / 1000) AS trained_from,
  to_timestamp((m.lineage->>'toMs')::float8 / 1000) AS trained_to, m.keep AS kept,
  (m.lineage->>'rows')::float8 AS trained_rows, (m.lineage->>'entities')::float8 AS trained_entities,
  m.lineage->>'parent' AS parent, m.lineage->>'dataHash' AS data_hash, m.lineage->>'configHash' AS config_hash,
  m.lineage->>'codeVersion' AS code_version, (m.lineage->>'seed')::float8 AS seed,
  (m.lineage->'cost'->>'wallMs')::float8 AS training_ms, m.evaluation->>'basis' AS basis,
  (m.evaluation->>'candidateQuality')::float8 AS quality, (m.evaluation->>'championQuality')::float8 AS champion_quality,
  (m.evaluation->'difference'->>0)::float8 AS difference_low, (m.evaluation->'difference'->>1)::float8 AS difference_high,
  (m.evaluation->>'p99Ms')::float8 AS p99_ms
FROM public.models m;
--> statement-breakpoint
-- Who served from when on; the newest revision of a stream is in force. share is the challenger's, 0 in its shadow.
CREATE VIEW grafana.roles AS
SELECT grafana.time_of(at_ms) AS time, at_ms AS time_ms, stream, revision, serving->'champion'->>'modelId' AS champion,
  serving->'challenger'->>'modelId' AS challenger, last_good, (serving->'challenger'->>'share')::float8 AS share,
  serving->>'mode' AS mode, (serving->'calibration'->>'version')::float8 AS calibration_version, serving->>'reason' AS reason
FROM public.serving_history;
--> statement-breakpoint
-- time is event time, recorded the clock's.
CREATE VIEW grafana.decisions AS
SELECT seq, id, grafana.time_of(at_ms) AS time, at_ms AS time_ms, stream, decision->>'action' AS action,
  decision->>'trigger' AS trigger, (decision->>'episode')::float8 AS episode, decision->>'asked' AS asked,
  decision->>'cause' AS cause, decision->>'result' AS result, decision->>'actor' AS actor, decision->>'reason' AS reason,
  decision->>'urgency' AS urgency, decision->'model'->>'modelId' AS model_id, decision->>'runbook' AS runbook,
  grafana.time_of(recorded_ms) AS recorded, evidence, hash
FROM public.decisions;
--> statement-breakpoint
-- Where the controller stands with each stream.
CREATE VIEW grafana.controllers AS
SELECT stream, grafana.time_of(at_ms) AS time, at_ms AS time_ms, state->'rollout'->>'phase' AS phase,
  to_timestamp((state->'rollout'->>'sinceMs')::float8 / 1000) AS phase_since,
  state->'rollout'->'candidate'->>'modelId' AS candidate, (state->'rollout'->>'share')::float8 AS share,
  (state->>'suspended')::boolean AS suspended, state->'hold'->>'trigger' AS held_by, state->'hold'->>'reason' AS held_why,
  to_timestamp((state->'hold'->>'sinceMs')::float8 / 1000) AS held_since,
  state->'steppedDown'->>'trigger' AS stepped_down_by, to_timestamp((state->>'trainedMs')::float8 / 1000) AS trained
FROM public.monitor_states;
--> statement-breakpoint
-- What was spent of the budgets of actions, a row each time.
CREATE VIEW grafana.spending AS
SELECT s.stream, to_timestamp((e.value->>'atMs')::float8 / 1000) AS time, (e.value->>'atMs')::float8::bigint AS time_ms,
  e.value->>'action' AS action
FROM public.monitor_states s CROSS JOIN LATERAL json_array_elements(s.state->'spent') e;
--> statement-breakpoint

-- What the monitor saw of a stream, a row a grain.
CREATE VIEW grafana.observations AS
SELECT grafana.time_of(at_ms) AS time, at_ms AS time_ms, stream, observation->>'modelId' AS model_id,
  (observation->>'alertRate')::float8 AS alert_rate, observation->'cause'->>'kind' AS cause,
  observation->'cause'->>'summary' AS summary, (observation->'quality'->>'score')::float8 AS data_quality,
  (observation->'quality'->>'trainable')::boolean AS trainable, (observation->>'windows')::float8 AS windows,
  (observation->>'entities')::float8 AS entities, (observation->'champion'->>'windows')::float8 AS champion_windows,
  (observation->'champion'->>'alerts')::float8 AS champion_alerts,
  observation->'challenger'->>'modelId' AS challenger_id, (observation->'challenger'->>'share')::float8 AS challenger_share,
  (observation->'challenger'->>'windows')::float8 AS challenger_windows,
  (observation->'challenger'->>'alerts')::float8 AS challenger_alerts,
  (observation->'challenger'->>'paired')::float8 AS paired, (observation->'challenger'->>'both')::float8 AS both_alert,
  (observation->'challenger'->>'onlyChampion')::float8 AS only_champion,
  (observation->'challenger'->>'onlyChallenger')::float8 AS only_challenger
FROM public.observations;
--> statement-breakpoint
-- A row for each figure of each span (grain, interval, day, week): status ok, warn, drift or unknown (value NULL). low
-- and high are its confidence interval. A limit is of the side that is worse; the few figures that are worse the lower
-- they are stand here by name, and a test compares them with the table of figures.
CREATE VIEW grafana.figures AS
SELECT grafana.time_of(o.at_ms) AS time, o.at_ms AS time_ms, o.stream, s.key AS span, f.key AS figure,
  (f.value->>'value')::float8 AS value, (f.value->'interval'->>0)::float8 AS low, (f.value->'interval'->>1)::float8 AS high,
  CASE json_typeof(f.value->'limit') WHEN 'array' THEN (f.value->'limit'->>0)::float8
    WHEN 'number' THEN CASE WHEN f.key IN ('data_quality', 'pr_auc', 'precision_at_k', 'quality') THEN (f.value->>'limit')::float8 END
  END AS limit_low,
  CASE json_typeof(f.value->'limit') WHEN 'array' THEN (f.value->'limit'->>1)::float8
    WHEN 'number' THEN CASE WHEN f.key NOT IN ('data_quality', 'pr_auc', 'precision_at_k', 'quality') THEN (f.value->>'limit')::float8 END
  END AS limit_high,
  f.value->>'status' AS status
FROM public.observations o CROSS JOIN LATERAL json_each(o.observation->'spans') s CROSS JOIN LATERAL json_each(s.value) f;
--> statement-breakpoint
-- How far each feature has shifted over the newest interval.
CREATE VIEW grafana.drift AS
SELECT grafana.time_of(o.at_ms) AS time, o.at_ms AS time_ms, o.stream, f.value->>'feature' AS feature,
  (f.value->>'psi')::float8 AS psi, (f.value->>'psiLimit')::float8 AS psi_limit, (f.value->>'ks')::float8 AS ks,
  (f.value->>'ksLimit')::float8 AS ks_limit, (f.value->>'missing')::float8 AS missing,
  (f.value->>'missingInTraining')::float8 AS missing_in_training, f.value->>'status' AS status
FROM public.observations o CROSS JOIN LATERAL json_array_elements(o.observation->'features') f;
--> statement-breakpoint
-- Why figures moved; evidence is the numbers that it was told by, as JSON text, features those concerned.
CREATE VIEW grafana.causes AS
SELECT grafana.time_of(at_ms) AS time, at_ms AS time_ms, stream, observation->'cause'->>'kind' AS cause,
  observation->'cause'->>'summary' AS summary, observation->'cause'->>'evidence' AS evidence,
  (SELECT string_agg(f.value, ', ') FROM json_array_elements_text(observation->'cause'->'features') f) AS features
FROM public.observations;
--> statement-breakpoint
-- Of the score of data quality: its parts, in points.
CREATE VIEW grafana.data_quality AS
SELECT grafana.time_of(o.at_ms) AS time, o.at_ms AS time_ms, o.stream, d.key AS dimension, d.value::float8 AS points
FROM public.observations o CROSS JOIN LATERAL json_each_text(o.observation->'quality'->'dimensions') d
WHERE json_typeof(o.observation->'quality') = 'object';
--> statement-breakpoint

-- What people said of windows that began in [time, until).
CREATE VIEW grafana.labels AS
SELECT grafana.time_of(from_ms) AS time, from_ms AS time_ms, grafana.time_of(to_ms) AS until, id, stream, entity, label,
  incident, weight, note, actor, grafana.time_of(created_ms) AS created
FROM public.labels;
--> statement-breakpoint
-- Planned work, during which incidents are not told; stream, entity and metric are NULL for all of them.
CREATE VIEW grafana.maintenance AS
SELECT id, stream, entity, metric, grafana.time_of(from_ms) AS time, from_ms AS time_ms,
  grafana.time_of(least(to_ms, ended_ms)) AS until, reason, actor, grafana.time_of(created_ms) AS created,
  grafana.time_of(ended_ms) AS ended, ended_by
FROM public.maintenance_windows;
--> statement-breakpoint
-- Which streams there are, for variables.
CREATE VIEW grafana.streams AS
SELECT DISTINCT stream FROM public.partition_state;
