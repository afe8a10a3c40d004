/** The socket beside a client goes to the same server, and ends with what it cannot read. */
import { expect, test } from '@jest/globals';
import { until } from '@marblerun/test-support';
import { redis } from '../testing.js';
import { connectBeside } from './beside.js';
import { ReplyReader } from './replies.js';

async function connected(failed: (error: Error) => void) {
  await redis.connect();
  const replies: string[] = [];
  const socket = connectBeside(redis, new ReplyReader((reply) => replies.push(String(reply))), failed);
  return { socket, replies };
}

test('it reads what the server of the client answers', async () => {
  const { socket, replies } = await connected(() => undefined);
  socket.write('PING\r\nNONSENSE\r\n');
  await until('both are answered', () => replies.length === 2);
  expect(replies).toEqual(['PONG', expect.stringContaining('ERR unknown command')]);
  expect(socket.remotePort).toBe(redis.stream.remotePort);
  socket.destroy();
});

test('what cannot be read is told', async () => {
  const errors: Error[] = [];
  const { socket, replies } = await connected((error) => errors.push(error));
  socket.write('PING\r\nDBSIZE\r\n');
  await until('it is told', () => errors.length === 1);
  expect([replies, String(errors[0])]).toEqual([['PONG'], expect.stringContaining('no reply of Redis: ":')]);
  socket.destroy();
});

test('a client that is cut has no place for it', async () => {
  await redis.connect();
  redis.stream.destroy();
  expect(() => connectBeside(redis, new ReplyReader(() => undefined), () => undefined)).toThrow('disconnected');
});
