/**
 * Monitored, but it never finishes: it waits again and so abandons the marble in hand.
 *
 * What you should see: the marble comes back with its attempt raised: 1, 2, 3. Each time, the Monitor returns it to the
 * front of its queue. After the third attempt, `maxAttempts`, it is dead: it is parked with its reason, for a person,
 * and this program waits for ever.
 */
import { Marble } from 'marblerun';

const marble = new Marble({ maxAttempts: 3 });
await marble.send('test-unfinished', 'Test Data: 0');
for (;;) {
  const data = await marble.wait('test-unfinished');
  console.log(`${String(data)}, attempt ${String(marble.attempt)}`);
}
