/**
 * Requests of a holder, in the model.
 */
import type { MarbleModel } from './holder-model.js';
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

/** A step of a loop: it finishes one, sends what that sends on, and takes one of `source`. */
export interface StepModel {
  readonly receipt: string;
  readonly seq: number;
  readonly queue: string;
  readonly outputs: OutputModel[];
  readonly source: string;
}

export function stepAsSwap({ receipt, queue, outputs, source }: StepModel): SwapModel {
  return { finish: [{ receipt, queue, outputs }], abandon: [], sources: [source], want: 1, waitOn: undefined };
}

/** True where neither the marble nor what it sends needs more than the script of a step. */
export function isPlainStep({ outputs, source }: StepModel, marble: MarbleModel): boolean {
  const isSimple = ({ member, large }: MarbleModel) => member === undefined && !large;
  const isRoute = (to: OutputModel) => to.kind === 'back' && to.queue !== source && isSimple(to.marble);
  return isSimple(marble) && outputs.every(isRoute);
}

export interface GiveBackModel {
  readonly receipt: string;
  readonly queue: string;
  readonly verdict: 'fail' | 'release' | 'cancel' | 'missing';
  readonly delay: number;
}
