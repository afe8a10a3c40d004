export { commonVariables, port, readEnvironment, whole } from './environment.js';
export { createLogger, type Logger } from './logger.js';
export { Loop, type LoopOptions } from './loop.js';
export { problem } from './problem.js';
export { createServer, type Readiness, type Server, type ServerOptions } from './server.js';
export { runService, type Service } from './service.js';
