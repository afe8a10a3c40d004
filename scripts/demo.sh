#!/bin/sh
# Goes from a fresh checkout to the report of the checksum job: it checks what must be there, sets up the rest, and
# plays the example `checksums`. REDIS=docker or REDIS=local chooses where Redis comes from.
set -eu
cd "$(dirname "$0")/.."

for program in node npm; do
  command -v "$program" >/dev/null || { echo "$program is needed and is not on the PATH: install Node.js 20 or newer (https://nodejs.org), and try again." >&2; exit 1; }
done
node -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)' || { echo "Node.js 20 or newer is needed; this is $(node --version)." >&2; exit 1; }

"${MAKE:-make}" --no-print-directory build
exec node examples/dist/example.js checksums --redis "${REDIS:-auto}"
