/**
 * Checks custom resources against the schemas in schemas/, which know only the parts in use. A field that is missing
 * there is a mistake, even if the operator that reads it would ignore it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Manifest } from './render.js';

const FOLDER = new URL('../../k8s/schemas/', import.meta.url);

type JsonSchema = Parameters<typeof z.fromJSONSchema>[0];
interface Custom {
  readonly properties: Readonly<Record<'apiVersion' | 'kind', { readonly const: string }>>;
}

const idOf = (apiVersion: string, kind: string) => `${apiVersion} ${kind}`;
const SCHEMAS = new Map(
  readdirSync(FOLDER).map((file) => {
    const json = JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as JsonSchema & Custom;
    const { apiVersion, kind } = json.properties;
    return [idOf(apiVersion.const, kind.const), z.fromJSONSchema(json)];
  }),
);

/** The kinds that a cluster knows once their operators are installed. */
export const CUSTOM_KINDS = [...SCHEMAS.keys()];

/** Lists every mistake in words; undefined where the manifest is not a custom resource. */
export function customMistakesOf(manifest: Manifest): string[] | undefined {
  const result = SCHEMAS.get(idOf(manifest.apiVersion, manifest.kind))?.safeParse(manifest);
  return result && (result.error?.issues ?? []).map(({ path, message }) => `/${path.join('/')}: ${message}`);
}
