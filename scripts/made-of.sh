#!/bin/sh
# Runs a command that builds images, with what they are made of in its environment: REVISION, the commit (`-dirty` where files
# of it were changed), and SOURCE, where it comes from. The images say so in their labels; without git they say `unknown`.
#
#     scripts/made-of.sh docker compose build
#
# What is set already stays. The address may hold a login, which is left out.
set -eu
cd "$(dirname "$0")/.."
if [ "$(git rev-parse --show-toplevel 2>/dev/null)" = "$(pwd -P)" ]; then
  REVISION=${REVISION:-$(git describe --always --dirty --abbrev=40 --exclude='*')}
  SOURCE=${SOURCE:-$(git config --get remote.origin.url | sed 's,://[^/]*@,://,')}
fi
[ -z "${REVISION:-}" ] || export REVISION
[ -z "${SOURCE:-}" ] || export SOURCE
exec "$@"
