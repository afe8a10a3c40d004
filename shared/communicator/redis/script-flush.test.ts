import { expect, test } from '@jest/globals';
import { freshBus } from '@marblerun/test-support';
import { Connection } from './connection.js';

test('a script that is forgotten again while its text is on the way is asked again, not refused', async () => {
  const connection = Connection.own(freshBus());
  let asked = 0;
  try {
    const answer = await connection.run((redis) =>
      ++asked === 1 ? redis.evalsha('0'.repeat(40), 0) : redis.eval('return 7', 0),
    );
    expect([asked, answer]).toEqual([2, 7]);
  } finally {
    connection.close();
  }
});
