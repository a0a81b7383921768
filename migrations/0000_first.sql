-- Times are milliseconds since the Unix epoch (bigint), so that what was folded comes back to the bit.

CREATE TABLE partition_state (
  stream text NOT NULL,
  partition integer NOT NULL,
  epoch bigint NOT NULL,
  owner text NOT NULL,
  offset_next bigint NOT NULL DEFAULT 0,
  -- which of the two generations is the newest; null before the first checkpoint
  slot smallint,
  -- number of the last control entry; they rise by one
  control_last bigint NOT NULL DEFAULT 0,
  claimed_ms bigint NOT NULL,
  PRIMARY KEY (stream, partition)
) WITH (fillfactor = 50);
--> statement-breakpoint

-- A table of its own: a checkpoint writes one generation and leaves the other's bytes where they are.
CREATE TABLE partition_generations (
  stream text NOT NULL,
  partition integer NOT NULL,
  slot smallint NOT NULL CHECK (slot IN (0, 1)),
  epoch bigint NOT NULL,
  offset_next bigint NOT NULL,
  state bytea NOT NULL,
  sha256 text NOT NULL,
  watermark_ms double precision NOT NULL,
  control_sequence bigint NOT NULL,
  counters jsonb NOT NULL,
  checkpointed_ms bigint NOT NULL,
  PRIMARY KEY (stream, partition, slot)
) WITH (
  fillfactor = 50,
  -- every checkpoint leaves a dead state behind: vacuum by the megabyte, not by the share of a table of few rows
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20,
  toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 5000
);
--> statement-breakpoint
-- states are dense binary: compressing them costs more than it saves
ALTER TABLE partition_generations ALTER COLUMN state SET STORAGE EXTERNAL;
--> statement-breakpoint

CREATE TABLE control_entries (
  stream text NOT NULL,
  partition integer NOT NULL,
  sequence bigint NOT NULL,
  at_offset bigint NOT NULL,
  epoch bigint NOT NULL,
  change jsonb NOT NULL,
  appended_ms bigint NOT NULL,
  PRIMARY KEY (stream, partition, sequence)
);
--> statement-breakpoint

-- The names of a feature vector, stored once for all the verdicts that share them.
CREATE TABLE feature_lists (
  id text PRIMARY KEY,
  names text[] NOT NULL
);
--> statement-breakpoint

CREATE TABLE verdicts (
  window_start_ms bigint NOT NULL,
  window_ms bigint NOT NULL,
  score double precision NOT NULL,
  p_value double precision NOT NULL,
  severity double precision NOT NULL,
  schema_version integer NOT NULL,
  calibration_version integer NOT NULL,
  probation boolean NOT NULL,
  stream text NOT NULL,
  entity text NOT NULL,
  source text NOT NULL,
  model_id text NOT NULL,
  id text NOT NULL,
  content_hash text NOT NULL,
  features_id text NOT NULL,
  vals double precision[] NOT NULL,
  low double precision[] NOT NULL,
  high double precision[] NOT NULL,
  attributions jsonb,
  PRIMARY KEY (stream, entity, window_start_ms, window_ms, schema_version)
) PARTITION BY LIST (stream);
--> statement-breakpoint
CREATE INDEX verdicts_id ON verdicts (id);
--> statement-breakpoint

-- Which table holds which day (whole days of event time since the epoch) of which stream.
CREATE TABLE verdict_partitions (
  stream text NOT NULL,
  day integer NOT NULL,
  name text NOT NULL UNIQUE,
  PRIMARY KEY (stream, day)
);
--> statement-breakpoint

-- Makes what is missing. New tables are attached rather than made in place, because attaching does not lock readers
-- and writers of the other partitions out.
CREATE FUNCTION ensure_verdict_partitions(a_stream text, days integer[]) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  of_stream text := 'verdicts_' || substr(md5(a_stream), 1, 16);
  of_day text;
  a_day integer;
  made integer := 0;
  day_ms CONSTANT bigint := 86400000;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('tidewatch.verdict_partitions'));
  IF to_regclass(of_stream) IS NULL THEN
    EXECUTE format('CREATE TABLE %I (LIKE verdicts INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY RANGE (window_start_ms)', of_stream);
    EXECUTE format('COMMENT ON TABLE %I IS %L', of_stream, 'verdicts of stream ' || a_stream);
    EXECUTE format('ALTER TABLE verdicts ATTACH PARTITION %I FOR VALUES IN (%L)', of_stream, a_stream);
  END IF;
  FOREACH a_day IN ARRAY days LOOP
    CONTINUE WHEN EXISTS (SELECT 1 FROM verdict_partitions p WHERE p.stream = a_stream AND p.day = a_day);
    of_day := of_stream || '_' || replace(a_day::text, '-', 'm');
    EXECUTE format('CREATE TABLE %I (LIKE verdicts INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', of_day);
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', of_stream, of_day, a_day * day_ms, (a_day + 1) * day_ms);
    INSERT INTO verdict_partitions VALUES (a_stream, a_day, of_day);
    made := made + 1;
  END LOOP;
  RETURN made;
END $$;
--> statement-breakpoint

-- Drops the days that ended before the time given; returns how many.
CREATE FUNCTION drop_verdict_partitions(a_stream text, before_ms bigint) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  old record;
  dropped integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('tidewatch.verdict_partitions'));
  FOR old IN SELECT p.name, p.day FROM verdict_partitions p WHERE p.stream = a_stream AND (p.day + 1) * 86400000::bigint <= before_ms LOOP
    EXECUTE format('DROP TABLE IF EXISTS %I', old.name);
    DELETE FROM verdict_partitions p WHERE p.stream = a_stream AND p.day = old.day;
    dropped := dropped + 1;
  END LOOP;
  RETURN dropped;
END $$;
--> statement-breakpoint

-- The newest window of each entity, upserted with the verdicts, so that a list of entities does not touch them.
CREATE TABLE entity_status (
  stream text NOT NULL,
  entity text NOT NULL,
  last_window_end_ms bigint NOT NULL,
  severity double precision NOT NULL,
  source text NOT NULL,
  probation boolean NOT NULL,
  PRIMARY KEY (stream, entity)
) WITH (fillfactor = 50);
--> statement-breakpoint

CREATE TABLE incidents (
  id text PRIMARY KEY,
  stream text NOT NULL,
  entity text NOT NULL,
  kind text NOT NULL,
  start_ms bigint NOT NULL,
  last_ms bigint NOT NULL,
  resolved_ms bigint,
  peak_severity double precision NOT NULL,
  windows integer NOT NULL,
  attributions jsonb NOT NULL,
  summary text NOT NULL
);
--> statement-breakpoint
CREATE INDEX incidents_by_entity ON incidents (stream, entity, start_ms DESC);
--> statement-breakpoint
CREATE INDEX incidents_by_start ON incidents (start_ms DESC);
--> statement-breakpoint
CREATE INDEX incidents_open ON incidents (stream, entity, start_ms DESC) WHERE resolved_ms IS NULL;
--> statement-breakpoint

CREATE TABLE dead_letters (
  stream text NOT NULL,
  partition integer NOT NULL,
  at_offset bigint NOT NULL,
  point integer NOT NULL,
  code text NOT NULL,
  detail text NOT NULL,
  received_ms bigint NOT NULL,
  key bytea,
  value bytea NOT NULL,
  PRIMARY KEY (stream, partition, at_offset, point)
);
--> statement-breakpoint
CREATE INDEX dead_letters_by_time ON dead_letters (received_ms DESC);
--> statement-breakpoint

CREATE TABLE models (
  id text PRIMARY KEY,
  stream text NOT NULL,
  sha256 text NOT NULL,
  bytes bytea NOT NULL,
  about jsonb NOT NULL,
  created_ms bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE models ALTER COLUMN bytes SET STORAGE EXTERNAL;
--> statement-breakpoint
CREATE INDEX models_by_stream ON models (stream, created_ms DESC);
--> statement-breakpoint

CREATE TABLE model_roles (
  stream text NOT NULL,
  role text NOT NULL CHECK (role IN ('champion', 'challenger', 'last_good')),
  model_id text NOT NULL REFERENCES models (id),
  since_ms bigint NOT NULL,
  PRIMARY KEY (stream, role)
);
--> statement-breakpoint

CREATE TABLE experiments (
  id text PRIMARY KEY,
  kind text NOT NULL,
  hypothesis text,
  config_hash text NOT NULL,
  seed integer NOT NULL,
  data_hash text NOT NULL,
  code_version text NOT NULL,
  metrics jsonb NOT NULL,
  baseline_id text,
  duration_ms double precision NOT NULL,
  memory_bytes bigint NOT NULL,
  verdict text NOT NULL CHECK (verdict IN ('promoted', 'archived', 'iterate')),
  created_ms bigint NOT NULL
);
--> statement-breakpoint
CREATE INDEX experiments_by_time ON experiments (created_ms DESC);
--> statement-breakpoint

CREATE TABLE lost_ranges (
  stream text NOT NULL,
  partition integer NOT NULL,
  from_offset bigint NOT NULL,
  to_offset bigint NOT NULL,
  reason text NOT NULL,
  noticed_ms bigint NOT NULL,
  PRIMARY KEY (stream, partition, from_offset)
);
