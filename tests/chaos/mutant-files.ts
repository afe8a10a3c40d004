/** Files that mutants change, as they lie in a copy of the built packages. */

export const lua = (script: string): string => `shared/communicator/lua/${script}.lua`;
