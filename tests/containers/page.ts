/** A file of a page as a service serves it, and the files that it refers to. */
export interface Asset {
  readonly path: string;
  readonly status: number;
  readonly type: string | null;
  readonly policy: string | null;
}

const REFERENCES = /<link [^>]*href="([^"]+)"|<script [^>]*src="([^"]+)"|from '\.\/([^']+)'/g;

/** Follows the references of the page, and those of the files that it finds. */
export async function assetsOf(url: string): Promise<Asset[]> {
  const assets: Asset[] = [];
  const paths = new Set(['/']);
  for (const path of paths) {
    // The loop also covers entries that are added while it runs.
    const reply = await fetch(url + path, { signal: AbortSignal.timeout(10_000) });
    for (const [, ...names] of (await reply.text()).matchAll(REFERENCES)) paths.add(`/${names.find(Boolean)}`);
    const { status, headers } = reply;
    assets.push({ path, status, type: headers.get('content-type'), policy: headers.get('content-security-policy') });
  }
  return assets;
}
