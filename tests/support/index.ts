export { freshBus, sharedRedis, type Bus } from './bus.js';
export { Cable } from './cable.js';
export { Program, type ProgramOptions } from './program.js';
export { RedisServer, freePort } from './redis-server.js';
export { sleep, until } from './until.js';
export { Proxy, type Direction, type Link } from './proxy.js';
