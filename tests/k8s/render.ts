/** Renders a folder of k8s/ with `kubectl kustomize`. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';

const K8S = fileURLToPath(new URL('../../../k8s/', import.meta.url));

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Record<string, string> };
  readonly [field: string]: unknown;
}

/** Returns the reason why nothing can be rendered here; empty where it can. */
export function whyNoKubectl(): string {
  try {
    execFileSync('kubectl', ['version', '--client'], { stdio: 'ignore' });
    return '';
  } catch (error) {
    return `kubectl cannot be run: ${(error as Error).message}`;
  }
}

/**
 * The rendered texts, kept because rendering takes its time; each caller gets manifests of its own, to change as it
 * likes.
 */
const rendered = new Map<string, string>();

/** Renders a folder. `again`: the folder may have changed since. */
export function render(folder: string, { again = false } = {}): Manifest[] {
  const text =
    (again ? undefined : rendered.get(folder)) ??
    execFileSync('kubectl', ['kustomize', K8S + folder], { encoding: 'utf8' });
  rendered.set(folder, text);
  return parseAllDocuments(text, { merge: true }).map((document) => document.toJS() as Manifest);
}
