export { freshBus, sharedRedis, type Bus } from './bus.js';
export { makeAuthority, type Authority, type Certificate } from './certificates.js';
export { Program, type ProgramOptions } from './program.js';
export { redisCli } from './redis-cli.js';
export { RedisCluster } from './redis-cluster.js';
export { RedisServer, freePort } from './redis-server.js';
export { Sentinels } from './sentinels.js';
export { sleep, until } from './until.js';
export { Proxy, type Direction, type Link } from './proxy.js';
