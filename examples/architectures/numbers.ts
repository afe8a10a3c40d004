/** Numbers to factor, for the scenes, as command-line arguments. */

/** Numbers below a billion, which take no time at all. */
export const SMALL = ['91', '1001', '65537', '999999'];

/** Products of two large primes, which take some tenths of a second each. */
export const LARGE = ['1000036000099', '100000980001501', '900015360000511', '9007195909437503'];

/** The number from which a number counts as large. */
export const LIMIT = '1000000000';
