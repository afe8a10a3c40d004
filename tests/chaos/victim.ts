/**
 * A worker that does not survive a marble called "poison": `victim <redis> <run>`. Writes a line for each one finished.
 */
import { Marble } from 'marblerun';

const [redis = '', run = ''] = process.argv.slice(2);
const marble = new Marble({ redis, run, leaseMs: 600, maxAttempts: 100 });
for (;;) {
  const data = await marble.wait('work');
  if (data === 'poison') process.kill(process.pid, 'SIGKILL');
  await marble.finish();
  console.log(data);
}
