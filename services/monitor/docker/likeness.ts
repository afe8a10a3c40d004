/**
 * Makes the settings of a further container of a compose service from those of one that runs, so that compose takes it
 * for one of its own: the same settings and labels, with the next number and the name that belongs to it.
 *
 * What may go wrong: there can be only one container of this kind, because it has a name, a port or an address that is
 * its own. The answer then says why.
 */
import type { ContainerCreateOptions, ContainerInspectInfo, EndpointSettings } from 'dockerode';

export const COMPOSE = {
  project: 'com.docker.compose.project',
  service: 'com.docker.compose.service',
  number: 'com.docker.compose.container-number',
  hash: 'com.docker.compose.config-hash',
  oneoff: 'com.docker.compose.oneoff',
  /** The container that this one took the place of. A further one takes nobody's. */
  replace: 'com.docker.compose.replace',
} as const;

/** The length of the part of an id by which Docker calls a container among others. */
const SHORT_ID = 12;

/** Networks that are the same for all containers: there is nothing to choose in them. */
const SHARED = new Set(['default', 'bridge', 'host', 'none']);

/** Returns the settings, or why there can be no such container. `image` is what the engine calls its image now. */
export function likenessOf(info: ContainerInspectInfo, image: string, number: number): ContainerCreateOptions | string {
  const own = info.Name.replace(/^\//, '');
  const name = nameFor(own, info.Config.Labels[COMPOSE.number], number);
  const why = name === undefined ? 'container_name gives it a name of its own' : whyUnique(info);
  if (name === undefined || why !== undefined) return `${own} cannot be copied: ${why}`;
  const labels = without(info.Config.Labels, COMPOSE.replace);
  const mode = info.HostConfig.NetworkMode ?? 'default';
  const hasOwn = !SHARED.has(mode) && !mode.startsWith('container:');
  const endpoints = Object.entries(hasOwn ? info.NetworkSettings.Networks : {}).map(
    ([network, endpoint]) => [network, endpointFor(endpoint, info.Id, own, name)] as const,
  );
  const { Hostname, ...config } = info.Config;
  return {
    ...without(config, 'MacAddress'),
    ...(hasOwn && !info.Id.startsWith(Hostname) ? { Hostname } : {}),
    name,
    Image: image,
    Labels: { ...labels, [COMPOSE.number]: String(number) },
    HostConfig: info.HostConfig,
    // Engines before 25 refuse more than one network here.
    ...(hasOwn ? { NetworkingConfig: { EndpointsConfig: Object.fromEntries(endpoints) } } : {}),
  };
}

/** Returns the name as compose gives it: that of the other, with its own number at the end. */
function nameFor(other: string, itsNumber: string | undefined, number: number): string | undefined {
  const [, stem, last] = /^(.*[-_])(\d+)$/.exec(other) ?? [];
  return stem !== undefined && last === itsNumber ? `${stem}${number}` : undefined;
}

/** Tells what a container has that no second one can have. */
function whyUnique({ HostConfig, NetworkSettings }: ContainerInspectInfo): string | undefined {
  const bindings = Object.entries((HostConfig.PortBindings ?? {}) as Record<string, { HostPort?: string }[] | null>);
  for (const [port, places] of bindings)
    for (const { HostPort = '' } of places ?? [])
      if (/^[1-9]\d*$/.test(HostPort)) return `its port ${port} has the port ${HostPort} of the host`;
  for (const [network, { IPAMConfig }] of Object.entries(NetworkSettings.Networks))
    if (Object.values((IPAMConfig ?? {}) as Record<string, unknown>).some(Boolean))
      return `it has an address of its own in the network ${network}`;
  return undefined;
}

/** Other containers of its network call it by these aliases: its name, its service, and what the file adds. */
function endpointFor(
  { Aliases, Links, DriverOpts }: EndpointSettings,
  id: string,
  own: string,
  name: string,
): EndpointSettings {
  const aliases = (Aliases ?? [])
    .filter((alias) => alias !== id.slice(0, SHORT_ID))
    .map((alias) => (alias === own ? name : alias));
  return { Aliases: aliases, ...(Links && { Links }), ...(DriverOpts && { DriverOpts }) };
}

function without<T extends object>(object: T, name: string): T {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== name)) as T;
}
