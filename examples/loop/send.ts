/**
 * Sends five marbles to the queue that it is given, and ends.
 *
 *     node send.js test-monitored
 */
import { Marble } from 'marblerun';

const queue = process.argv[2] ?? 'test-monitored';
const marble = new Marble();
for (let i = 0; i < 5; i++) await marble.send(queue, `Test Data: ${i}`);
await marble.close();
