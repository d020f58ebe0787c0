#!/usr/bin/env bash
# The tarball of `npm pack` installs into an empty folder with install scripts off and does the main job there.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
tarball=$(cd "$root" && npm pack --silent --ignore-scripts --pack-destination "$folder" | tail -n 1)
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts "./$tarball"
capture=$root/fixtures/captures/curl-7.88-openssl-3.0.pcap
PATH=$(dirname "$(command -v node)"):/usr/bin:/bin
rows=$(npx tlsfp analyze "$capture" --format ndjson --columns ja4 | wc -l)
[ "$rows" -eq 7 ] || { echo "expected 7 rows, got $rows" >&2; exit 1; }
npx tlsfp analyze "$capture" --sql "SELECT ja4, count(*) AS n FROM client_hellos GROUP BY ja4 ORDER BY n DESC"
echo "the tarball works: $rows rows"
