-- The image runs this once, as its administrator, when it makes an empty database. The passwords are read from the
-- secrets' files by psql itself, so they are in no argument and no environment.
\set ON_ERROR_STOP on
\set migrator_password `cat /run/secrets/migrator_password`
\set worker_password `cat /run/secrets/worker_password`
\set monitor_password `cat /run/secrets/monitor_password`
\set grafana_password `cat /run/secrets/grafana_password`

-- One a duty; `tidewatch migrate` gives them their rights.
CREATE ROLE tidewatch_worker NOLOGIN;
CREATE ROLE tidewatch_monitor NOLOGIN;
CREATE ROLE tidewatch_grafana NOLOGIN;

CREATE ROLE migrator LOGIN PASSWORD :'migrator_password';
CREATE ROLE worker LOGIN PASSWORD :'worker_password' IN ROLE tidewatch_worker;
CREATE ROLE monitor LOGIN PASSWORD :'monitor_password' IN ROLE tidewatch_monitor;
-- A query that somebody typed into a panel ends, and changes nothing.
CREATE ROLE grafana LOGIN PASSWORD :'grafana_password' CONNECTION LIMIT 20 IN ROLE tidewatch_grafana;
ALTER ROLE grafana SET default_transaction_read_only = 'on';
ALTER ROLE grafana SET statement_timeout = '15s';
ALTER ROLE grafana SET lock_timeout = '2s';
ALTER ROLE grafana SET idle_in_transaction_session_timeout = '30s';
-- It owns the tables that it makes, and may do nothing outside of this database.
ALTER DATABASE tidewatch OWNER TO migrator;
