/**
 * The program of the heartbeat's thread as one text, for where its file does not lie beside the program: in a bundle.
 *
 * Gzip in base64, because every process loads it and few need it. Empty in the source tree; `scripts/pack.mjs` fills in
 * what is published.
 */
export const threadSource: string = '';
