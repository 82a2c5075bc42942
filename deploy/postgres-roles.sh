#!/bin/sh
# Creates the service's role, which owns nothing; `runbook migrate` gives it its rights.
set -eu
psql --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" --set=password="$SERVICE_PASSWORD" <<'SQL'
CREATE ROLE runbook_app LOGIN PASSWORD :'password';
SQL
