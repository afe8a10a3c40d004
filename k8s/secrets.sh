#!/bin/sh
# Prints a namespace and the Secrets that its pods read: a new password and the URL for each user of Redis, and a token
# for the Monitor's API. `create` refuses what exists already, so no password is ever replaced by accident.
#
#   k8s/secrets.sh marblerun redis://redis:6379 monitor worker upper-worker elevator admin | kubectl create -f -
#
# What may go wrong: it is called with the wrong users. Then a pod waits for a Secret that `kubectl describe` names.
set -eu
[ $# -ge 3 ] || { echo "usage: $0 NAMESPACE redis[s]://HOST:PORT USER..." >&2; exit 64; }
namespace=$1 redis=$2
shift 2

random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

secret() {
  printf -- '---\napiVersion: v1\nkind: Secret\nmetadata: { name: %s, namespace: %s }\nstringData: { %s }\n' "$1" "$namespace" "$2"
}

printf 'apiVersion: v1\nkind: Namespace\nmetadata: { name: %s }\n' "$namespace"
for user in "$@"; do
  password=$(random)
  secret "marblerun-redis-$user" "password: '$password', url: '${redis%%://*}://$user:$password@${redis#*://}'"
done
secret marblerun-monitor "token: '$(random)'"
