/** Loaded into a program (`node --import`): at SIGUSR2 its event loop has no turn for BLOCK_MS, and costs no CPU meanwhile. */
const blockMs = Number(process.env['BLOCK_MS']);

process.on('SIGUSR2', () => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, blockMs);
});
