/** MarbleRun as anybody would use it: all defaults, the handler form. */
import { Marble } from 'marblerun';
import { QUEUE, type Contestant, type Data } from './contestant.js';

type Queues = Record<string, Data>;

export const marblerun: Contestant = {
  name: 'MarbleRun',
  settings: 'sendMany; work(queue, handler, { concurrency }), monitored; all else default',
  weight: 5,
  open(url) {
    const marble = new Marble<Queues>({ redis: url });
    return {
      send: (data) => marble.send(QUEUE, data),
      sendBulk: (batch) => marble.sendMany(QUEUE, batch),
      stream: (items) => marble.sendMany(QUEUE, items),
      consume: (concurrency, handle) => marble.work(QUEUE, (data) => handle(data), { concurrency }),
      close: () => marble.close(),
    };
  },
};
