/**
 * The loop without a safety net: a marble is gone once it is taken. There is no lease and no finish; this is the
 * fastest form.
 *
 * What you should see, after `send`: the same as from `monitored`. The difference shows when this program is killed:
 * the marble that it was working on is lost.
 */
import { Marble } from 'marblerun';

const marble = new Marble({ monitored: false });
for (;;) {
  const data = await marble.wait('test-unmonitored');
  console.log(data);
  if (data === 'Test Data: 1') await marble.elevate('test-unmonitored', 'sending this to a higher run!');
  if (data === 'Test Data: 3') {
    await marble.send('test-unmonitored', 'This data is at the back of the queue!');
    await marble.expedite('test-unmonitored', 'This data is at the front of the queue!');
  }
}
