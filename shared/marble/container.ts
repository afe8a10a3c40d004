/**
 * Finds the id of the container that this process is in, by which a Docker engine knows it.
 *
 * A process is not told that id. It shows in the path of its control group, or in the paths of the files that the engine
 * mounts into each container; the default host name is its first digits. What may go wrong: none of these tells, or it
 * is the id of another container, whose network this one shares. Then the engine's word about this one is not heeded.
 */
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** The places where the id may show. */
export interface Traces {
  readonly cgroup: string;
  readonly mountinfo: string;
  readonly hostname: string;
  /** True where an engine has left its mark in the file system. */
  readonly isMarked: boolean;
}

const IN_CGROUP = /([0-9a-f]{64})(?:\.scope)?(?:\/[^/\n]*)?$/gm;
const IN_MOUNTS = /\/containers\/([0-9a-f]{64})\/\S+ \/etc\/(?:hostname|hosts|resolv\.conf) /;
const AS_HOSTNAME = /^[0-9a-f]{12}$/;

let known: { readonly id: string | undefined } | undefined;

/** Returns the id, or its first twelve digits; undefined outside of a container. It is looked for once. */
export function containerId(): string | undefined {
  known ??= { id: findContainer(tracesOfThis()) };
  return known.id;
}

export function findContainer({ cgroup, mountinfo, hostname, isMarked }: Traces): string | undefined {
  const inCgroup = [...cgroup.matchAll(IN_CGROUP)][0]?.[1];
  const found = inCgroup ?? IN_MOUNTS.exec(mountinfo)?.[1];
  return found ?? (isMarked && AS_HOSTNAME.test(hostname) ? hostname : undefined);
}

function tracesOfThis(): Traces {
  return {
    cgroup: read('/proc/self/cgroup'),
    mountinfo: read('/proc/self/mountinfo'),
    hostname: hostname(),
    isMarked: existsSync('/.dockerenv') || existsSync('/run/.containerenv'),
  };
}

/** Empty on a system that has no such file. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
