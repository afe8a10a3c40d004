/**
 * The loop: wait, work, finish. It goes on until it is stopped.
 *
 * What you should see, after `send`: the data 0 to 3 in order; then the marble that was expedited, before number 4; and
 * last the one that was sent to the back. The same program on the higher run shows what was elevated. Kill this one
 * whenever you like: marbles that it had not finished come back.
 */
import { Marble } from 'marblerun';

const marble = new Marble();
for (;;) {
  const data = await marble.wait('test-monitored');
  console.log(data);
  if (data === 'Test Data: 1') await marble.elevate('test-monitored', 'sending this to a higher run!');
  if (data === 'Test Data: 3') {
    await marble.send('test-monitored', 'This data is at the back of the queue!');
    await marble.expedite('test-monitored', 'This data is at the front of the queue!');
  }
  await marble.finish();
}
