/**
 * Checks a manifest strictly against the Kubernetes OpenAPI schema: a field that the schema does not know is a mistake.
 *
 * The validators are made from that schema (kubernetes-models); custom resources have schemas of their own. The
 * validators let unknown fields pass, but they look at every field that they know. So a field at which nothing looked
 * is unknown.
 */
import * as apps from 'kubernetes-models/apps/v1';
import * as autoscaling from 'kubernetes-models/autoscaling/v2';
import * as networking from 'kubernetes-models/networking.k8s.io/v1';
import * as policy from 'kubernetes-models/policy/v1';
import * as core from 'kubernetes-models/v1';
import { customMistakesOf } from './custom-schema.js';
import type { Manifest } from './render.js';

interface Model {
  readonly prototype: { validate(this: unknown): void };
}

const MODELS: Readonly<Record<string, object>> = {
  v1: core,
  'apps/v1': apps,
  'autoscaling/v2': autoscaling,
  'networking.k8s.io/v1': networking,
  'policy/v1': policy,
};

/** Lists every mistake in words; a correct manifest has none. */
export function mistakesOf(manifest: Manifest): string[] {
  const custom = customMistakesOf(manifest);
  if (custom) return custom;
  const { apiVersion, kind } = manifest;
  const model = (MODELS[apiVersion] as Record<string, Model> | undefined)?.[kind];
  if (!model) return [`there is no ${kind} in ${apiVersion}`];
  const seen = new Set<string>();
  const mistakes: string[] = [];
  try {
    model.prototype.validate.call(watched(manifest, '', seen));
  } catch (error) {
    mistakes.push((error as Error).message);
  }
  const unknown = pathsOf(manifest, '').filter((path) => !seen.has(path));
  return [...mistakes, ...unknown.map((path) => `unknown field ${path}`)];
}

/** Wraps an object so that `seen` notes which fields are looked at. */
function watched<T extends object>(object: T, at: string, seen: Set<string>): T {
  return new Proxy(object, {
    get(target, name, receiver) {
      const value: unknown = Reflect.get(target, name, receiver);
      if (typeof name === 'symbol' || !Object.hasOwn(target, name)) return value;
      seen.add(`${at}/${name}`);
      return typeof value === 'object' && value !== null ? watched(value, `${at}/${name}`, seen) : value;
    },
  });
}

function pathsOf(value: unknown, at: string): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, child]) => [`${at}/${name}`, ...pathsOf(child, `${at}/${name}`)]);
}
