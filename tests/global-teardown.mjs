export default function globalTeardown() {
  globalThis.marblerunTestRedis?.kill();
}
