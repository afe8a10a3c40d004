/**
 * The program of the heartbeat thread as one text, for the package and for bundles of it, where its file does not lie
 * beside the program.
 *
 * The text is gzip in base64, because every process loads it and few need it. It is empty in the source tree;
 * `scripts/pack.mjs` fills it in for publishing.
 */
export const threadSource: string = '';
