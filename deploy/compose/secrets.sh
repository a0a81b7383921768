#!/bin/sh
# Makes the secrets of docker-compose.yml that are not there yet: sh deploy/compose/secrets.sh [FOLDER]
# The folder is closed to others, while its files can be read: a container sees the file with its own numbers of users,
# not the folder above it.
set -eu
folder=${1:-secrets}
mkdir -p "$folder"
chmod 0700 "$folder"
umask 022

write() { # NAME TEXT
  file=$folder/$1.txt
  if [ -s "$file" ]; then
    echo "$file is there and stays"
  else
    printf '%s' "$2" >"$file"
    echo "$file is new"
  fi
}
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

for name in postgres_password migrator_password worker_password monitor_password grafana_password \
  http_token alerts_secret grafana_admin_password grafana_secret_key; do
  write "$name" "$(random)"
done
for login in migrator worker monitor; do
  write "${login}_database_url" "postgres://$login:$(cat "$folder/${login}_password.txt")@postgres:5432/tidewatch"
done
# A webhook in Slack's format, for people. Until you put yours there, alerts are seen in Alertmanager and Grafana alone.
write people_url https://your-chat.invalid/the-address-of-its-incoming-webhook
