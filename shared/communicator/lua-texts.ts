/**
 * The Lua files as texts, for where the files do not lie beside the program: in a bundle.
 *
 * Empty in the source tree, where the files are always newer; `scripts/pack.mjs` fills in what is published.
 */
export const luaTexts: Readonly<Record<string, string>> = {};
