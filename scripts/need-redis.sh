#!/bin/sh
# Makes sure that there is a redis-server on the PATH: installs Debian's package where that is permitted.
set -eu
command -v redis-server >/dev/null && exit 0
if command -v apt-get >/dev/null; then
  if [ "$(id -u)" = 0 ]; then sudo=; elif sudo -n true 2>/dev/null; then sudo='sudo -n'; else sudo=none; fi
  if [ "$sudo" != none ]; then
    echo 'installing redis-server' >&2
    export DEBIAN_FRONTEND=noninteractive
    # The package would start its own server on port 6379; these programs start theirs on a free port.
    $sudo sh -c 'apt-get update -qq && RUNLEVEL=1 apt-get install -y -qq --no-install-recommends redis-server >/dev/null'
    command -v redis-server >/dev/null && exit 0
  fi
fi
echo 'redis-server is needed and is not on the PATH. Install it (Debian: apt-get install redis-server), 7.0 or newer, and try again.' >&2
exit 1
