/**
 * Requests of a holder, in the model.
 */
import type { OutputModel } from './run-model.js';

export interface BeginModel {
  readonly receipt: string;
  /** The marble's own limit: none, one that is far away, or as it was. */
  readonly limit: 'none' | 'some' | 'as it was';
  readonly begun: 'a' | 'c' | undefined;
}

export interface SwapModel {
  readonly finish: readonly { readonly receipt: string; readonly queue: string; readonly outputs: OutputModel[] }[];
  readonly abandon: readonly string[];
  readonly sources: readonly string[];
  readonly want: number;
  readonly waitOn: string | undefined;
}

export function stepAsSwap(receipt: string, queue: string, source: string): SwapModel {
  return { finish: [{ receipt, queue, outputs: [] }], abandon: [], sources: [source], want: 1, waitOn: undefined };
}

export interface GiveBackModel {
  readonly receipt: string;
  readonly queue: string;
  readonly verdict: 'fail' | 'release' | 'cancel' | 'missing';
  readonly delay: number;
}
