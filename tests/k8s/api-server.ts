/**
 * A small model of the API server: the manifests that were applied, in order. It notes a manifest that comes before its
 * namespace, and one that reads a Secret, ConfigMap or account that is not there yet. In `dangling` it notes references
 * that lead to nothing when everything is there.
 */
import { CUSTOM_KINDS } from './custom-schema.js';
import { danglingIn, mistakesInPod } from './references.js';
import type { Manifest } from './render.js';
import { containersOf, podOf, WORKLOADS, type KeyRef } from './workload.js';

export type Values = Readonly<Record<string, string>>;

const nameOf = ({ kind, metadata: { namespace, name } }: Manifest) => `${kind} ${namespace ?? ''}/${name}`;

export class ApiServer {
  readonly mistakes: string[] = [];
  readonly #objects = new Map<string, Manifest>();

  /** Takes the kinds of the operators that are installed. */
  constructor(private readonly customKinds: readonly string[] = CUSTOM_KINDS) {}

  get objects(): readonly Manifest[] {
    return [...this.#objects.values()];
  }

  workloads(): Manifest[] {
    return this.objects.filter(({ kind }) => WORKLOADS.includes(kind));
  }

  /** Does what `kubectl create` does: it refuses a manifest that is there already. */
  create(manifests: readonly Manifest[]): void {
    for (const manifest of manifests) {
      if (this.#objects.has(nameOf(manifest))) this.mistakes.push(`${nameOf(manifest)} is there already`);
      this.#admit(manifest);
    }
  }

  /** Does what `kubectl apply` does, in the order given. */
  apply(manifests: readonly Manifest[]): void {
    const names = manifests.map(nameOf);
    for (const twice of names.filter((name, i) => names.indexOf(name) !== i))
      this.mistakes.push(`${twice} comes twice`);
    for (const manifest of manifests) this.#admit(manifest);
  }

  get(kind: string, namespace: string | undefined, name: string): Manifest | undefined {
    return this.#objects.get(nameOf({ apiVersion: '', kind, metadata: { name, ...(namespace && { namespace }) } }));
  }

  /** Returns what a container would read into its environment if it began now. */
  read(kind: 'Secret' | 'ConfigMap', namespace: string | undefined, { name, key }: KeyRef): string | undefined {
    const object = this.get(kind, namespace, name);
    const values = { ...(object?.['data'] as Values), ...(object?.['stringData'] as Values) };
    return values[key];
  }

  dangling(): string[] {
    return danglingIn(this.objects);
  }

  #admit(manifest: Manifest): void {
    const { apiVersion, kind, metadata } = manifest;
    const complain = (what: string) => this.mistakes.push(`${nameOf(manifest)}: ${what}`);
    if (/\.(sh|com)\//.test(apiVersion) && !this.customKinds.includes(`${apiVersion} ${kind}`))
      complain('no such kind');
    if (kind !== 'Namespace' && !this.get('Namespace', undefined, metadata.namespace ?? ''))
      complain(`there is no namespace ${metadata.namespace} yet`);
    if (WORKLOADS.includes(kind)) for (const mistake of this.#unreadable(manifest)) complain(mistake);
    this.#objects.set(nameOf(manifest), manifest);
  }

  /** Lists the things that a workload reads at its start and would not find. */
  #unreadable(workload: Manifest): string[] {
    const { namespace } = workload.metadata;
    const { serviceAccountName = 'default', volumes = [] } = podOf(workload).spec;
    const keys: ['Secret' | 'ConfigMap', KeyRef][] = [];
    for (const { env = [] } of containersOf(workload))
      for (const { valueFrom: { configMapKeyRef, secretKeyRef } = {} } of env) {
        if (configMapKeyRef) keys.push(['ConfigMap', configMapKeyRef]);
        if (secretKeyRef) keys.push(['Secret', secretKeyRef]);
      }
    const objects: [string, string][] = [['ServiceAccount', serviceAccountName]];
    for (const { configMap, secret, persistentVolumeClaim, projected } of volumes) {
      if (configMap) objects.push(['ConfigMap', configMap.name]);
      if (secret) objects.push(['Secret', secret.secretName]);
      if (persistentVolumeClaim) objects.push(['PersistentVolumeClaim', persistentVolumeClaim.claimName]);
      for (const { secret: source } of projected?.sources ?? [])
        keys.push(...source.items.map(({ key }): ['Secret', KeyRef] => ['Secret', { name: source.name, key }]));
    }
    return [
      ...keys
        .filter(([kind, ref]) => !ref.optional && this.read(kind, namespace, ref) === undefined)
        .map(([kind, { name, key }]) => `there is no ${kind} ${name} with ${key} yet`),
      ...objects
        .filter(([kind, name]) => !this.get(kind, namespace, name))
        .map(([kind, name]) => `there is no ${kind} ${name} yet`),
      ...mistakesInPod(workload),
    ];
  }
}
