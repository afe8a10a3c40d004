/**
 * Takes one marble, says so, and holds it until it is killed. Its arguments are the options of the Marble as JSON, and
 * the queue.
 */
import { Marble, type MarbleOptions } from 'marblerun';

const [options = '', queue = ''] = process.argv.slice(2);
const marble = new Marble(JSON.parse(options) as MarbleOptions);
await marble.wait(queue);
console.log(`holds ${marble.id}`);
setInterval(() => undefined, 60_000);
