#!/bin/sh
# Mends the end of Redis's append-only file, then becomes the command given: `start.sh redis-server --appendonly yes`.
#
# What one script changes is a transaction in that file. A power cut, or a kill in the middle of a write, may leave half
# of one at the end. Redis drops its last command, if that is not whole, and writes on behind the others. The next start
# does that half together with the transaction behind it, and marbles are there twice. `redis-check-aof` cuts before the
# half transaction, as Redis itself means to.
#
#   DIR   the folder of Redis's data (/data)
#
# Nothing is cut where more is wrong with the file than that its end is missing. Redis says what it cannot read.
set -eu
manifest=${DIR:=/data}/appendonlydir/appendonly.aof.manifest
LONGEST_HEADER=32 # bytes of a line that tells the length of what follows

say() { printf 'start.sh: %s\n' "$1" >&2; }

# Asks whether $1, an answer of redis-check-aof, tells of an end that is missing. Where a line is not whole, that is so
# only in the last line of the file.
is_cut_off() {
  case $1 in
    *'Reached EOF before reading EXEC'* | *'Expected to read '*) return 0 ;;
    *'Expected \r\n'*) ;;
    *) return 1 ;;
  esac
  at=$(printf '%s\n' "$1" | sed -n 's/^0x *\([0-9a-f]*\): Expected .*/\1/p')
  size=$(printf '%s\n' "$1" | sed -n 's/.*, size=\([0-9]*\), .*diff=[1-9].*/\1/p')
  [ -n "$at" ] && [ -n "$size" ] && [ $((size - 0x$at)) -lt "$LONGEST_HEADER" ]
}

if [ ! -f "$manifest" ]; then :
elif ! command -v redis-check-aof > /dev/null; then say "there is no redis-check-aof: $manifest is taken as it is"
elif ! answer=$(redis-check-aof "$manifest" 2>&1); then
  say "$answer"
  if ! is_cut_off "$answer"; then say 'nothing is cut: more is wrong with it than that its end is missing'
  else say "$(echo y | redis-check-aof --fix "$manifest" 2>&1)"; fi
fi
umask 077
exec "$@"
