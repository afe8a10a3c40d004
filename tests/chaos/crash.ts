/**
 * Loaded with `--import`: ends the process, as kill -9 would, at its n-th Redis command: just before
 * it is sent, when it is sent, or when it is answered and nobody has seen the answer yet.
 * Nothing of this is in the product.
 */
import { isMainThread } from 'node:worker_threads';
import { Redis } from 'ioredis';

type Point = 'before' | 'sent' | 'answered';

const [at = '', point = ''] = (process.env['CHAOS_CRASH'] ?? '').split(' ');
const prototype = Redis.prototype as { sendCommand: (this: Redis, ...args: unknown[]) => unknown };
const { sendCommand } = prototype;
const crash = () => process.kill(process.pid, 'SIGKILL');
let commands = 0;

if (isMainThread && at !== '') {
  prototype.sendCommand = function (...args) {
    if (++commands < Number(at)) return sendCommand.apply(this, args);
    if ((point as Point) === 'before') crash();
    const answer = sendCommand.apply(this, args);
    if ((point as Point) === 'sent') crash();
    if (answer instanceof Promise) answer.then(crash, crash);
    return answer;
  };
}
