-- The monitor: what workers count for it, what it decides and why, and what people tell it.

-- The key begins with stream and start: that is how a span of all partitions is read.
CREATE TABLE interval_profiles (
  stream text NOT NULL,
  start_ms bigint NOT NULL,
  partition integer NOT NULL,
  sequence bigint NOT NULL,
  end_ms bigint NOT NULL,
  model_id text NOT NULL,
  bytes bytea NOT NULL,
  PRIMARY KEY (stream, start_ms, partition, sequence)
);
--> statement-breakpoint

-- A row for each owner that a partition had in a grain: totals of its own, written over as they grow.
CREATE TABLE serving_stats (
  stream text NOT NULL,
  start_ms bigint NOT NULL,
  partition integer NOT NULL,
  epoch bigint NOT NULL,
  windows bigint NOT NULL,
  errors bigint NOT NULL,
  latency bigint[] NOT NULL,
  PRIMARY KEY (stream, start_ms, partition, epoch)
) WITH (fillfactor = 50);
--> statement-breakpoint

-- Who may decide: a single row. Every commit names the fence that it was given and locks the row.
CREATE TABLE monitor_hold (
  one smallint PRIMARY KEY CHECK (one = 1),
  fence bigint NOT NULL,
  owner text NOT NULL,
  held_ms bigint NOT NULL
);
--> statement-breakpoint
INSERT INTO monitor_hold VALUES (1, 0, '', 0);
--> statement-breakpoint

-- json and not jsonb wherever something is read back to be computed with: it comes back as it was written.
CREATE TABLE monitor_states (
  stream text PRIMARY KEY,
  version bigint NOT NULL,
  at_ms bigint NOT NULL,
  state json NOT NULL
) WITH (fillfactor = 50);
--> statement-breakpoint

-- An observation is not repeated here: the table of observations has it.
CREATE TABLE monitor_inputs (
  stream text NOT NULL,
  key text NOT NULL,
  version bigint NOT NULL,
  at_ms bigint NOT NULL,
  input json,
  -- the state that it was taken in
  before json,
  PRIMARY KEY (stream, key)
);
--> statement-breakpoint
CREATE INDEX monitor_inputs_in_order ON monitor_inputs (stream, version);
--> statement-breakpoint

CREATE TABLE observations (
  stream text NOT NULL,
  at_ms bigint NOT NULL,
  observation json NOT NULL,
  PRIMARY KEY (stream, at_ms)
);
--> statement-breakpoint

CREATE TABLE serving (
  stream text PRIMARY KEY,
  revision bigint NOT NULL,
  at_ms bigint NOT NULL,
  last_good text,
  serving json NOT NULL
);
--> statement-breakpoint
CREATE TABLE serving_history (LIKE serving, PRIMARY KEY (stream, revision));
--> statement-breakpoint

CREATE TABLE evidence (
  sha256 text PRIMARY KEY,
  bytes bytea NOT NULL,
  recorded_ms bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE decisions (
  seq bigint PRIMARY KEY,
  id text NOT NULL UNIQUE,
  stream text NOT NULL,
  at_ms bigint NOT NULL,
  decision json NOT NULL,
  evidence text NOT NULL,
  previous text NOT NULL,
  hash text NOT NULL,
  recorded_ms bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE golden_sets (
  stream text PRIMARY KEY,
  bytes bytea NOT NULL,
  sha256 text NOT NULL,
  created_ms bigint NOT NULL
);
--> statement-breakpoint
CREATE INDEX decisions_by_stream ON decisions (stream, seq);
--> statement-breakpoint

CREATE TABLE outbox (
  id text PRIMARY KEY,
  receiver text NOT NULL,
  body text NOT NULL,
  created_ms bigint NOT NULL,
  status text NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'delivered', 'given_up')),
  attempts integer NOT NULL DEFAULT 0,
  next_ms bigint NOT NULL,
  last_error text
) WITH (fillfactor = 70);
--> statement-breakpoint
CREATE INDEX outbox_due ON outbox (next_ms, id) WHERE status = 'waiting';
--> statement-breakpoint
CREATE INDEX outbox_in_order ON outbox (created_ms, id);
--> statement-breakpoint

ALTER TABLE models
  ADD COLUMN lineage json,
  ADD COLUMN evaluation json,
  ADD COLUMN keep boolean NOT NULL DEFAULT false;
--> statement-breakpoint

CREATE TABLE labels (
  -- the order in which they came
  number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  id text PRIMARY KEY,
  stream text NOT NULL,
  entity text NOT NULL,
  from_ms bigint NOT NULL,
  to_ms bigint NOT NULL,
  label text NOT NULL CHECK (label IN ('anomalous', 'normal')),
  incident text,
  weight double precision NOT NULL,
  note text NOT NULL,
  actor text NOT NULL,
  created_ms bigint NOT NULL
);
--> statement-breakpoint
CREATE INDEX labels_by_time ON labels (stream, from_ms);
--> statement-breakpoint
CREATE INDEX labels_by_entity ON labels (stream, entity, from_ms);
--> statement-breakpoint
CREATE INDEX labels_by_incident ON labels (incident) WHERE incident IS NOT NULL;
--> statement-breakpoint

CREATE TABLE label_offers (
  id text PRIMARY KEY,
  stream text NOT NULL,
  entity text NOT NULL,
  from_ms bigint NOT NULL,
  to_ms bigint NOT NULL,
  probability double precision NOT NULL,
  offered_ms bigint NOT NULL
);
--> statement-breakpoint
CREATE INDEX label_offers_by_time ON label_offers (stream, from_ms);
--> statement-breakpoint

CREATE TABLE maintenance_windows (
  id text PRIMARY KEY,
  stream text,
  entity text,
  metric text,
  from_ms bigint NOT NULL,
  to_ms bigint NOT NULL,
  reason text NOT NULL,
  actor text NOT NULL,
  created_ms bigint NOT NULL,
  ended_ms bigint,
  ended_by text
);
--> statement-breakpoint
CREATE INDEX maintenance_windows_by_time ON maintenance_windows (from_ms);
--> statement-breakpoint

CREATE TABLE api_tokens (
  id text PRIMARY KEY,
  name text NOT NULL,
  scopes text[] NOT NULL CHECK (scopes <@ ARRAY['read', 'operate', 'admin']),
  hash text NOT NULL,
  created_ms bigint NOT NULL,
  expires_ms bigint,
  revoked_ms bigint
);
--> statement-breakpoint

CREATE TABLE audit_log (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at_ms bigint NOT NULL,
  actor text NOT NULL,
  action text NOT NULL,
  subject text NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('done', 'refused', 'failed')),
  detail text NOT NULL
);
--> statement-breakpoint
CREATE INDEX audit_log_by_time ON audit_log (at_ms);
--> statement-breakpoint

-- What was decided stays decided. The triggers fire for owners and superusers too, and for sessions that replicate
-- (ENABLE ALWAYS). Whoever owns a table can still switch its triggers off, or drop it: that is what the chain of hashes is
-- for, and why programs log in as members of roles that own nothing.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  RAISE EXCEPTION '% only grows: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'TW002';
END $$;
--> statement-breakpoint
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON decisions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON evidence FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON golden_sets FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
ALTER TABLE decisions ENABLE ALWAYS TRIGGER only_grows;
--> statement-breakpoint
ALTER TABLE evidence ENABLE ALWAYS TRIGGER only_grows;
--> statement-breakpoint
ALTER TABLE audit_log ENABLE ALWAYS TRIGGER only_grows;
--> statement-breakpoint
ALTER TABLE golden_sets ENABLE ALWAYS TRIGGER only_grows;
--> statement-breakpoint

-- An entry follows the last one and names evidence that is there.
CREATE FUNCTION follow_ledger() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  last record;
BEGIN
  SELECT seq, hash INTO last FROM decisions ORDER BY seq DESC LIMIT 1;
  IF NEW.seq <> coalesce(last.seq, 0) + 1 OR NEW.previous <> coalesce(last.hash, repeat('0', 64)) THEN
    RAISE EXCEPTION 'entry % does not follow entry %', NEW.seq, coalesce(last.seq, 0) USING ERRCODE = 'TW003';
  END IF;
  IF NOT EXISTS (SELECT 1 FROM evidence e WHERE e.sha256 = NEW.evidence) THEN
    RAISE EXCEPTION 'decision % names evidence that is not there', NEW.id USING ERRCODE = 'TW003';
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER follows BEFORE INSERT ON decisions FOR EACH ROW EXECUTE FUNCTION follow_ledger();
--> statement-breakpoint
ALTER TABLE decisions ENABLE ALWAYS TRIGGER follows;
--> statement-breakpoint

-- Retention, for those who may not delete: what lies behind the newest of the stream by more than is kept, a day at least.
CREATE FUNCTION prune_monitor(a_stream text, observations_ms bigint, profiles_ms bigint) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  day_ms CONSTANT bigint := 86400000;
  newest bigint;
  gone integer;
  total integer := 0;
BEGIN
  SELECT max(at_ms) INTO newest FROM observations WHERE stream = a_stream;
  DELETE FROM observations WHERE stream = a_stream AND at_ms < newest - greatest(observations_ms, day_ms);
  GET DIAGNOSTICS gone = ROW_COUNT;
  total := total + gone;
  SELECT max(at_ms) INTO newest FROM monitor_inputs WHERE stream = a_stream;
  DELETE FROM monitor_inputs WHERE stream = a_stream AND at_ms < newest - greatest(observations_ms, day_ms);
  GET DIAGNOSTICS gone = ROW_COUNT;
  total := total + gone;
  SELECT max(start_ms) INTO newest FROM interval_profiles WHERE stream = a_stream;
  DELETE FROM interval_profiles WHERE stream = a_stream AND start_ms < newest - greatest(profiles_ms, day_ms);
  GET DIAGNOSTICS gone = ROW_COUNT;
  total := total + gone;
  SELECT max(start_ms) INTO newest FROM serving_stats WHERE stream = a_stream;
  DELETE FROM serving_stats WHERE stream = a_stream AND start_ms < newest - greatest(profiles_ms, day_ms);
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN total + gone;
END $$;
--> statement-breakpoint

-- Messages that were settled before the time given, by the wall clock.
CREATE FUNCTION prune_outbox(before_ms bigint) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH gone AS (DELETE FROM outbox WHERE status <> 'waiting' AND next_ms < before_ms RETURNING 1)
  SELECT count(*)::integer FROM gone
$$;
--> statement-breakpoint

-- Removes models that have no role, are not to be kept, are not among the newest of their stream, and that no partition
-- needs to go on from either of its generations.
CREATE FUNCTION prune_models(a_stream text, most integer) RETURNS SETOF text
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH positions AS (
    SELECT p.partition, coalesce((SELECT min(g.control_sequence) FROM partition_generations g
      WHERE g.stream = p.stream AND g.partition = p.partition), 0) AS sequence
    FROM partition_state p WHERE p.stream = a_stream
  ), named AS (
    SELECT c.partition, c.sequence, c.change->>'kind' AS kind, c.change->>'modelId' AS model_id
    FROM control_entries c WHERE c.stream = a_stream AND c.change->>'kind' IN ('model', 'challenger')
  ), needed AS (
    -- what is folded after the older generation, and what was in force there
    SELECT n.model_id FROM named n JOIN positions p ON p.partition = n.partition
    WHERE n.sequence > p.sequence OR n.sequence = (
      SELECT max(m.sequence) FROM named m WHERE m.partition = n.partition AND m.kind = n.kind AND m.sequence <= p.sequence)
  ), newest AS (
    SELECT id FROM models WHERE stream = a_stream ORDER BY created_ms DESC, id LIMIT greatest(most, 1)
  )
  DELETE FROM models m WHERE m.stream = a_stream AND NOT m.keep
    AND NOT EXISTS (SELECT 1 FROM newest n WHERE n.id = m.id)
    AND NOT EXISTS (SELECT 1 FROM needed n WHERE n.model_id = m.id)
    AND NOT EXISTS (SELECT 1 FROM model_roles r WHERE r.model_id = m.id)
  RETURNING m.id
$$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION refuse_change(), follow_ledger(), prune_monitor(text, bigint, bigint), prune_outbox(bigint),
  prune_models(text, integer) FROM PUBLIC;
--> statement-breakpoint

CREATE OR REPLACE VIEW grafana.dead_letters AS
SELECT stream, topic, partition, at_offset, point, code, detail, to_timestamp(received_ms / 1000.0) AS time, received_ms,
  append_ms, octet_length(value) AS value_bytes, redriven_ms, entity, metric, time_ms FROM public.dead_letters;
--> statement-breakpoint
CREATE OR REPLACE VIEW grafana.models AS
SELECT m.id, m.stream, m.sha256, octet_length(m.bytes) AS size_bytes, m.about, m.created_ms,
  ARRAY(SELECT r.role FROM public.model_roles r WHERE r.model_id = m.id AND r.stream = m.stream ORDER BY r.role) AS roles,
  m.keep, m.lineage, m.evaluation
FROM public.models m;
--> statement-breakpoint
CREATE VIEW grafana.observations AS
SELECT stream, to_timestamp(at_ms / 1000.0) AS time, at_ms, observation->>'modelId' AS model_id,
  (observation->>'alertRate')::float8 AS alert_rate,
  observation->'cause'->>'kind' AS cause, observation->'cause'->>'summary' AS summary,
  (observation->'quality'->>'score')::float8 AS data_quality, (observation->>'windows')::float8 AS windows,
  (observation->>'entities')::float8 AS entities,
  (observation->'champion'->>'windows')::float8 AS champion_windows,
  (observation->'champion'->>'alerts')::float8 AS champion_alerts,
  observation->'challenger'->>'modelId' AS challenger_id,
  (observation->'challenger'->>'share')::float8 AS challenger_share,
  (observation->'challenger'->>'windows')::float8 AS challenger_windows,
  (observation->'challenger'->>'alerts')::float8 AS challenger_alerts
FROM public.observations;
--> statement-breakpoint
-- A row for each figure of each span: status ok, warn, drift or unknown (value null).
CREATE VIEW grafana.figures AS
SELECT o.stream, to_timestamp(o.at_ms / 1000.0) AS time, o.at_ms, s.key AS span, f.key AS figure,
  (f.value->>'value')::float8 AS value, f.value->>'status' AS status,
  CASE json_typeof(f.value->'limit') WHEN 'number' THEN (f.value->>'limit')::float8 END AS limit_value,
  CASE json_typeof(f.value->'limit') WHEN 'array' THEN (f.value->'limit'->>0)::float8 END AS band_low,
  CASE json_typeof(f.value->'limit') WHEN 'array' THEN (f.value->'limit'->>1)::float8 END AS band_high
FROM public.observations o, json_each(o.observation->'spans') s, json_each(s.value) f;
--> statement-breakpoint
CREATE VIEW grafana.features AS
SELECT o.stream, to_timestamp(o.at_ms / 1000.0) AS time, o.at_ms, f.value->>'feature' AS feature,
  (f.value->>'psi')::float8 AS psi, (f.value->>'psiLimit')::float8 AS psi_limit,
  (f.value->>'ks')::float8 AS ks, (f.value->>'ksLimit')::float8 AS ks_limit,
  (f.value->>'missing')::float8 AS missing, (f.value->>'missingInTraining')::float8 AS missing_in_training,
  f.value->>'status' AS status
FROM public.observations o, json_array_elements(o.observation->'features') f;
--> statement-breakpoint
CREATE VIEW grafana.decisions AS
SELECT seq, id, stream, to_timestamp(at_ms / 1000.0) AS time, at_ms, decision->>'action' AS action,
  decision->>'trigger' AS trigger, (decision->>'episode')::float8 AS episode, decision->>'asked' AS asked,
  decision->>'cause' AS cause, decision->>'result' AS result, decision->>'reason' AS reason,
  decision->>'urgency' AS urgency, decision->>'actor' AS actor, decision->'model'->>'modelId' AS model_id,
  decision->>'runbook' AS runbook, evidence, hash, recorded_ms
FROM public.decisions;
--> statement-breakpoint
-- Who served from when on; the newest revision of a stream is in force.
CREATE VIEW grafana.model_roles AS
SELECT stream, to_timestamp(at_ms / 1000.0) AS time, at_ms, revision, serving->'champion'->>'modelId' AS champion,
  serving->'challenger'->>'modelId' AS challenger, (serving->'challenger'->>'share')::float8 AS challenger_share,
  last_good, serving->>'mode' AS mode, (serving->'calibration'->>'version')::float8 AS calibration_version,
  serving->>'reason' AS reason
FROM public.serving_history;
--> statement-breakpoint
CREATE VIEW grafana.labels AS
SELECT number, id, stream, entity, to_timestamp(from_ms / 1000.0) AS time, from_ms, to_ms, label, incident, weight, note,
  actor, created_ms FROM public.labels;
--> statement-breakpoint
CREATE VIEW grafana.maintenance AS
SELECT id, stream, entity, metric, to_timestamp(from_ms / 1000.0) AS time, from_ms, to_ms, reason, actor, created_ms,
  ended_ms, ended_by FROM public.maintenance_windows;
