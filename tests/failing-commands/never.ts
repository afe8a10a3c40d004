/**
 * Commands that occur in the text of a script and that no caller makes it run.
 */
import type { ScriptName } from '@marblerun/internal';

export const NEVER: Readonly<Partial<Record<ScriptName, readonly string[]>>> = {
  swap: ['lpush', 'rpush', 'incr'], // a call with outputs uses swapRouting
  transfer: ['rpush'], // it puts marbles at the end of a queue
  giveback: ['lpush'], // it puts marbles at the front
  reclaim: ['lpush'],
  overdue: ['lpush'],
  rights: ['get', 'set'], // it only tries whether these may be run
  land: ['rpush'], // nothing is expedited on a lane
  // None of these ends a life, so none has to judge a batch by its dead; and the end of one opens no batch again.
  pop: ['hsetnx', 'hdel'],
  destroy: ['hsetnx', 'hdel'],
  open: ['zrem', 'hdel', 'hsetnx'],
  settle: ['rpush', 'hsetnx'],
  expire: ['hsetnx'],
  swapMembers: ['lpush', 'rpush', 'hsetnx'], // a call with outputs uses swapMembersRouting
  // these with outputs use swapLargeRouting
  swapLarge: ['exists', 'lpush', 'rpush', 'hsetnx'],
  pushLarge: ['zrem', 'hdel'],
  pushAny: ['get'], // only members are asked whether their batch refuses them
  seal: ['hdel'],
  cancel: ['hdel'],
  discard: ['hsetnx', 'hdel'],
  progress: ['hdel'],
  promote: ['rpush', 'hdel'],
  strays: ['hdel'],
  pushMembers: ['zrem', 'hdel'],
};
