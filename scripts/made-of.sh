#!/bin/sh
# Runs a command that builds images, and tells it in the environment what they are made of: REVISION, the commit
# (`-dirty` where its files were changed), and SOURCE, where it comes from. The images say so in their labels; without
# git they say `unknown`.
#
#     scripts/made-of.sh docker compose build
#
# Variables that are set already stay as they are. The address may hold a login, which is left out.
set -eu
cd "$(dirname "$0")/.."
if [ "$(git rev-parse --show-toplevel 2>/dev/null)" = "$(pwd -P)" ]; then
  REVISION=${REVISION:-$(git describe --always --dirty --abbrev=40 --exclude='*')}
  SOURCE=${SOURCE:-$(git config --get remote.origin.url | sed 's,://[^/]*@,://,')}
fi
[ -z "${REVISION:-}" ] || export REVISION
[ -z "${SOURCE:-}" ] || export SOURCE
exec "$@"
