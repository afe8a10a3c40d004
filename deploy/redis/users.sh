#!/bin/sh
# Writes the list of users that Redis reads (aclfile): for each user the rights of rights.acl, the keys of the runs that
# it may reach, and the SHA-256 of its password. Nobody else is let in, except `health`, which may only PING.
#
#   USERS    a user a line: its name, its part in rights.acl, its runs (none: no key but those of its part)
#   LOGINS   the folder with <user>/password for each of them
#   ACLFILE  what is written
#
# What may go wrong: a password is missing. The script makes it where it can write to the folder of the user. Where it
# cannot, because passwords come from outside, it ends with 1 and names the file, and the existing list stays as it is.
set -eu
: "${USERS:?a user a line: name part runs}" "${LOGINS:=/logins}" "${ACLFILE:=$LOGINS/redis/users.acl}"
rights=$(dirname "$0")/rights.acl

fail() { echo "users.sh: $*" >&2; exit 1; }

# Everybody who mounts the folder of a user may read its password; the file that mounts the folder decides who that is.
password_of() {
  file=$LOGINS/$1/password
  if [ ! -s "$file" ]; then
    { od -An -N32 -tx1 /dev/urandom | tr -d ' \n' > "$file"; } 2>/dev/null || fail "there is no password of \"$1\" in $file"
  fi
  tr -d '\r\n' < "$file"
}

rules_of() {
  while read -r name rules; do
    if [ "$name" = "$1" ]; then echo "$rules"; return; fi
  done < "$rights"
  fail "there is no part \"$1\" in $rights"
}

line_of() {
  user=$1 part=$2
  shift 2
  rules=$(rules_of "$part") || exit 1
  password=$(password_of "$user") || exit 1
  hash=$(printf %s "$password" | sha256sum | cut -d ' ' -f 1)
  printf 'user %s on #%s' "$user" "$hash"
  for run in "$@"; do printf ' ~mr:{%s}:*' "$run"; done
  printf ' %s\n' "$rules"
}

{
  # Nobody can log in as this user. Redis itself is this user while it reads its append-only file: without all rights it
  # would read only up to the first transaction, and forget the rest.
  echo 'user default off resetpass allkeys allchannels +@all'
  echo 'user health on nopass resetchannels -@all +ping'
  echo "$USERS" | while read -r user part runs; do
    # shellcheck disable=SC2086 # a word for each run
    [ -z "$user" ] || line_of "$user" "$part" $runs
  done
} > "$ACLFILE.new" || exit 1
mv "$ACLFILE.new" "$ACLFILE"
