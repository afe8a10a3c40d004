/** The id of the container that a process is in, from what engines leave there. */
import { expect, test } from '@jest/globals';
import { containerId, findContainer } from './container.js';

const [ID, OUTER] = ['0123456789abcdef'.repeat(4), 'fedcba9876543210'.repeat(4)] as const;
const NOTHING = { cgroup: '0::/\n', mountinfo: '', hostname: 'worker', isMarked: false };
const root = '600 500 0:52 / / rw,relatime - overlay overlay rw,upperdir=/var/lib/docker/overlay2/abc/diff\n';
const mounted = (file: string, at: string) =>
  `93 76 254:0 /var/lib/docker/containers/${ID}/${file} ${at} rw,relatime - ext4 /dev/vda rw\n`;

test.each([
  ['control groups, version 1', `12:pids:/docker/${ID}\n1:name=systemd:/docker/${ID}\n`],
  ['control groups of systemd', `0::/system.slice/docker-${ID}.scope\n`],
  ['an init system inside', `1:name=systemd:/docker/${ID}/init.scope\n`],
  ['an engine inside a container', `9:memory:/docker/${OUTER}/docker/${ID}\n`],
])('in the path of its control group: %s', (_, cgroup) => {
  expect(findContainer({ ...NOTHING, cgroup })).toBe(ID);
});

test.each([
  ['hostname', '/etc/hostname'],
  ['hosts', '/etc/hosts'],
  ['resolv.conf', '/etc/resolv.conf'],
])('in the files that are mounted into it, where control groups show nothing: %s', (file, at) => {
  expect(findContainer({ ...NOTHING, mountinfo: root + mounted(file, at) })).toBe(ID);
});

test('a process that has the files of all containers mounted is in none of them', () => {
  expect(findContainer({ ...NOTHING, mountinfo: root + mounted('hostname', '/watched/hostname') })).toBeUndefined();
});

test('by its host name, where it is marked as a container and nothing else tells', () => {
  const hostname = ID.slice(0, 12);
  expect(findContainer({ ...NOTHING, hostname, isMarked: true })).toBe(hostname);
  expect(findContainer({ ...NOTHING, hostname })).toBeUndefined();
  expect(findContainer({ ...NOTHING, isMarked: true })).toBeUndefined();
});

test('on a system without such files there is none', () => {
  expect(findContainer({ cgroup: '', mountinfo: '', hostname: 'host', isMarked: false })).toBeUndefined();
  expect(containerId()).toBe(containerId());
});
