/** Numbers to factor, for the scenes: as command-line arguments. */

/** Below a thousand million: no work at all. */
export const SMALL = ['91', '1001', '65537', '999999'];

/** Products of two large primes: some tenths of a second each. */
export const LARGE = ['1000036000099', '100000980001501', '900015360000511', '9007195909437503'];

/** Where large begins. */
export const LIMIT = '1000000000';
