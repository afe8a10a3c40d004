/** One line for each row that has a rate: MarbleRun beside the fastest of the others, and beside the fastest floor. */
import { OURS, PEERS } from '../names.js';
import type { Figure, Results } from '../results.js';
import { short, table } from './tables.js';

const HEAD = [
  'row',
  'form of MarbleRun',
  'marbles/s',
  '× the best queue on Redis',
  '× the best of all others',
  'fastest floor',
  '× its rate',
  '× its Redis CPU',
  '× its Node CPU',
];

export function rowByRow(results: Results): string {
  return table(
    HEAD,
    results.workloads.map((row) => lineOf(results, row)).filter((line) => line !== undefined),
  );
}

function lineOf(results: Results, row: string): string[] | undefined {
  const all = results.contestants(row);
  const isFloor = (name: string) => name.startsWith('floor');
  const floors = all.filter(isFloor);
  const sameForm = floors.find((name) => name !== 'floor' && all.includes(name.replace('floor', OURS)));
  const ours = sameForm?.replace('floor', OURS) ?? all.find((name) => name.startsWith(OURS)); // the simplest comes first
  const others = all.filter((name) => !name.startsWith(OURS) && !isFloor(name));
  const floor = sameForm ?? fastest(results, row, floors);
  if (ours === undefined || Number.isNaN(results.median(row, ours, 'perSecond'))) return undefined;
  if (others.length === 0 && floor === undefined) return undefined;
  const times = (name: string | undefined, figure: Figure) =>
    name === undefined ? '' : shortOrNothing(results.median(row, ours, figure) / results.median(row, name, figure));
  const withName = (name: string | undefined) => name && `${times(name, 'perSecond')} (${name})`;
  const onRedis = others.filter((name) => PEERS.some((peer) => name.startsWith(peer)));
  return [
    row,
    ours,
    short(results.median(row, ours, 'perSecond')),
    withName(fastest(results, row, onRedis)) ?? '',
    withName(fastest(results, row, others)) ?? '',
    floor?.replace(/^floor, /, '') ?? '',
    times(floor, 'perSecond'),
    times(floor, 'serverCpuUs'),
    times(floor, 'nodeCpuUs'),
  ];
}

function fastest(results: Results, row: string, names: readonly string[]): string | undefined {
  const rate = (name: string) => results.median(row, name, 'perSecond');
  return names.filter((name) => !Number.isNaN(rate(name))).sort((a, b) => rate(b) - rate(a))[0];
}

const shortOrNothing = (value: number): string => (Number.isFinite(value) ? short(value) : '');
