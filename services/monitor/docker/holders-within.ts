/**
 * Finds which holders are in which container.
 *
 * A heart tells the container of its process. Where it does not, the host name does: that of a container is the
 * beginning of its id, unless it is given another.
 */
import type { Communicator, HolderAtWork } from 'marblerun/communicator';

/** The length of the part of an id that is the host name of a container. */
const SHORT_ID = 12;

type Place = Pick<HolderAtWork, 'heart' | 'host'>;

export class Whereabouts {
  /** `containers`: by the names of hearts. */
  private constructor(private readonly containers: ReadonlyMap<string, string>) {}

  static async of({ hearts }: Communicator): Promise<Whereabouts> {
    return new Whereabouts(await hearts.containers());
  }

  /** Tells whether the process of a holder is in this container. */
  isWithin(id: string, { heart, host }: Place): boolean {
    const container = this.containers.get(heart);
    if (container !== undefined) return id.startsWith(container); // all of the id, or its first digits
    return host.length === SHORT_ID && id.startsWith(host);
  }
}

/** Lists the holders in each of these containers. */
export async function holdersWithin(
  communicator: Communicator,
  ids: readonly string[],
): Promise<Map<string, HolderAtWork[]>> {
  const whereabouts = await Whereabouts.of(communicator);
  const byId = new Map<string, HolderAtWork[]>();
  const seen = new Set<string>();
  for await (const some of communicator.status.atWork()) {
    for (const holder of some) {
      if (seen.has(holder.holder)) continue; // one that beats meanwhile may come twice
      seen.add(holder.holder);
      const id = ids.find((candidate) => whereabouts.isWithin(candidate, holder));
      if (id !== undefined) byId.set(id, [...(byId.get(id) ?? []), holder]);
    }
  }
  return byId;
}
