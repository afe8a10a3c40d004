/**
 * Blocks the event loop of the program that loads it (`node --import`): at SIGUSR2 the loop has no turn for BLOCK_MS,
 * and uses no CPU meanwhile.
 */
const blockMs = Number(process.env['BLOCK_MS']);

process.on('SIGUSR2', () => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, blockMs);
});
