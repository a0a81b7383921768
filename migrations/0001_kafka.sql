-- Many workers on one database: roles per duty need functions that make and drop partitions for those who may not,
-- views for those who may only look, and dead letters need all that sending them again takes.

-- A verdict's id is found by its parts (see grafana.verdicts below): an index of hashes over every verdict cost a tenth
-- of writing them, and more with every day. The partition tells a split entity from one that was judged in two ways.
DROP INDEX verdicts_id;
--> statement-breakpoint
ALTER TABLE verdicts DROP COLUMN id, ADD COLUMN partition integer;
--> statement-breakpoint

-- Which partition wrote the entity last; and which other did so less than a day of event time apart, and when.
ALTER TABLE entity_status ADD COLUMN partition integer, ADD COLUMN split_partition integer, ADD COLUMN split_ms bigint;
--> statement-breakpoint
CREATE INDEX entity_status_by_digest ON entity_status (substr(md5(stream || chr(31) || entity), 1, 16));
--> statement-breakpoint

ALTER TABLE dead_letters ALTER COLUMN value DROP NOT NULL,
  ADD COLUMN topic text,
  ADD COLUMN append_ms bigint,
  -- [[name, base64 or null], …]; json and not jsonb, which cannot hold every name
  ADD COLUMN headers json,
  ADD COLUMN redriven_ms bigint,
  ADD COLUMN redrive_note text;
--> statement-breakpoint
DROP INDEX dead_letters_by_time;
--> statement-breakpoint
-- the order of lists, whole, so that a page begins where the one before ended
CREATE INDEX dead_letters_in_order ON dead_letters (received_ms, stream, partition, at_offset, point);
--> statement-breakpoint

-- Locks the partition's row against a claim until the transaction ends; fails when the epoch is no longer the newest.
CREATE FUNCTION hold_partition(a_stream text, a_partition integer, an_epoch bigint) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM 1 FROM partition_state p WHERE p.stream = a_stream AND p.partition = a_partition AND p.epoch = an_epoch FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'fenced' USING ERRCODE = 'TW001';
  END IF;
END $$;
--> statement-breakpoint

-- A new partition has its owner's rights alone, whatever default privileges say: everybody goes through verdicts.
CREATE FUNCTION strip_rights(a_table text) RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  found record;
BEGIN
  FOR found IN
    SELECT DISTINCT acl.grantee, r.rolname FROM pg_class c
    CROSS JOIN LATERAL aclexplode(c.relacl) acl LEFT JOIN pg_roles r ON r.oid = acl.grantee
    WHERE c.oid = a_table::regclass AND acl.grantee <> c.relowner
  LOOP
    IF found.grantee = 0 THEN
      EXECUTE format('REVOKE ALL ON TABLE %I FROM PUBLIC', a_table);
    ELSE
      EXECUTE format('REVOKE ALL ON TABLE %I FROM %I', a_table, found.rolname);
    END IF;
  END LOOP;
END $$;
--> statement-breakpoint

-- Makes what is missing, also for those who may not make tables. New tables are attached rather than made in place,
-- because attaching does not lock readers and writers of the other partitions out. A row that is wider than a quarter
-- of a page stays in place: floating point numbers do not get smaller by being compressed.
CREATE OR REPLACE FUNCTION ensure_verdict_partitions(a_stream text, days integer[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
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
    PERFORM strip_rights(of_stream);
    EXECUTE format('ALTER TABLE verdicts ATTACH PARTITION %I FOR VALUES IN (%L)', of_stream, a_stream);
  END IF;
  FOREACH a_day IN ARRAY days LOOP
    CONTINUE WHEN EXISTS (SELECT 1 FROM verdict_partitions p WHERE p.stream = a_stream AND p.day = a_day);
    of_day := of_stream || '_' || replace(a_day::text, '-', 'm');
    EXECUTE format('CREATE TABLE %I (LIKE verdicts INCLUDING DEFAULTS INCLUDING CONSTRAINTS) WITH (toast_tuple_target = 8160)', of_day);
    PERFORM strip_rights(of_day);
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', of_stream, of_day, a_day * day_ms, (a_day + 1) * day_ms);
    INSERT INTO verdict_partitions VALUES (a_stream, a_day, of_day);
    made := made + 1;
  END LOOP;
  RETURN made;
END $$;
--> statement-breakpoint
ALTER FUNCTION drop_verdict_partitions(text, bigint) SECURITY DEFINER SET search_path = public, pg_temp;
--> statement-breakpoint
REVOKE ALL ON FUNCTION hold_partition(text, integer, bigint), strip_rights(text), ensure_verdict_partitions(text, integer[]),
  drop_verdict_partitions(text, bigint) FROM PUBLIC;
--> statement-breakpoint

-- What dashboards may see: no bytes that came from outside, no artifacts, no states.
CREATE SCHEMA grafana;
--> statement-breakpoint
CREATE VIEW grafana.verdicts AS
SELECT v.stream, v.entity, to_timestamp(v.window_start_ms / 1000.0) AS time, v.window_start_ms, v.window_ms, v.schema_version,
  v.source, v.score, v.p_value, v.severity, v.probation, v.model_id, v.calibration_version, v.partition,
  f.names AS features, v.vals, v.low, v.high, v.attributions
FROM public.verdicts v JOIN public.feature_lists f ON f.id = v.features_id;
--> statement-breakpoint
CREATE VIEW grafana.incidents AS
SELECT id, stream, entity, kind, to_timestamp(start_ms / 1000.0) AS time, start_ms, last_ms, resolved_ms, peak_severity,
  windows, attributions, summary FROM public.incidents;
--> statement-breakpoint
CREATE VIEW grafana.entities AS
SELECT stream, entity, last_window_end_ms, severity, source, probation, partition, split_partition, split_ms
FROM public.entity_status;
--> statement-breakpoint
CREATE VIEW grafana.dead_letters AS
SELECT stream, topic, partition, at_offset, point, code, detail, to_timestamp(received_ms / 1000.0) AS time, received_ms,
  append_ms, octet_length(value) AS value_bytes, redriven_ms FROM public.dead_letters;
--> statement-breakpoint
CREATE VIEW grafana.partitions AS
SELECT p.stream, p.partition, p.owner, p.epoch, p.claimed_ms, g.offset_next, g.watermark_ms, g.counters, g.checkpointed_ms,
  octet_length(g.state) AS state_bytes
FROM public.partition_state p LEFT JOIN public.partition_generations g
  ON g.stream = p.stream AND g.partition = p.partition AND g.slot = p.slot;
--> statement-breakpoint
CREATE VIEW grafana.lost_ranges AS
SELECT stream, partition, from_offset, to_offset, reason, noticed_ms FROM public.lost_ranges;
--> statement-breakpoint
CREATE VIEW grafana.models AS
SELECT m.id, m.stream, m.sha256, octet_length(m.bytes) AS size_bytes, m.about, m.created_ms,
  ARRAY(SELECT r.role FROM public.model_roles r WHERE r.model_id = m.id AND r.stream = m.stream ORDER BY r.role) AS roles
FROM public.models m;
