-- What is known of the point that was refused, so that it alone can be sent again.
ALTER TABLE dead_letters
  ADD COLUMN entity text,
  ADD COLUMN metric text,
  ADD COLUMN time_ms bigint;
