export default async function globalTeardown() {
  await globalThis.marblerunTestRedis?.stop();
}
