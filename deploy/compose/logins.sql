-- The image runs this once, as its administrator, when it makes an empty database. The passwords are read from the
-- secrets' files by psql itself, so they are in no argument and no environment.
\set ON_ERROR_STOP on
\set migrator_password `cat /run/secrets/migrator_password`
\set worker_password `cat /run/secrets/worker_password`

-- One a duty; `tidewatch migrate` gives them their rights.
CREATE ROLE tidewatch_worker NOLOGIN;
CREATE ROLE tidewatch_monitor NOLOGIN;
CREATE ROLE tidewatch_grafana NOLOGIN;

CREATE ROLE migrator LOGIN PASSWORD :'migrator_password';
CREATE ROLE worker LOGIN PASSWORD :'worker_password' IN ROLE tidewatch_worker;
-- It owns the tables that it makes, and may do nothing outside of this database.
ALTER DATABASE tidewatch OWNER TO migrator;
