export { mayNeedToken, needsToken, type Access } from './access.js';
export type { Change } from './audit.js';
export { commonVariables, port, readEnvironment, wholeNumber } from './environment.js';
export { Latest, answers } from './latest.js';
export { createLogger, type Logger } from './logger.js';
export { endTurns, type Breakable } from './end-turns.js';
export { Loop, type LoopOptions } from './loop.js';
export { readOptions, variablesOf } from './options.js';
export { problem, problems } from './problem.js';
export {
  createServer,
  registerChanges,
  registerReads,
  type Readiness,
  type Routes,
  type Server,
  type ServerOptions,
} from './server.js';
export { runInside, type Running } from './run-inside.js';
export { configured, runService, type Service } from './service.js';
export { busTimeouts, timeoutVariables, type BusTimeouts } from './bus-timeouts.js';
export { Troubles } from './troubles.js';
export { tokens, type Token } from './tokens.js';
export { VERSION } from './version.js';
