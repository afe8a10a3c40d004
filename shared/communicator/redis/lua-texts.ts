/**
 * The Lua files as texts, for a bundle, where the files do not lie beside the program.
 *
 * It is empty in the source tree, where the files are always newer. `scripts/pack.mjs` fills it in for what is
 * published.
 */
export const luaTexts: Readonly<Record<string, string>> = {};
