/** Measured values: by workload and contestant, a list of rounds; medians and spread of them. */
import type { Figures } from './workloads/workload.js';

export type Figure = keyof Figures;

export class Results {
  readonly #rounds = new Map<string, Map<string, Figures[]>>();

  add(workload: string, contestant: string, figures: Figures): void {
    const contestants = this.#rounds.get(workload) ?? new Map<string, Figures[]>();
    this.#rounds.set(workload, contestants);
    contestants.set(contestant, [...(contestants.get(contestant) ?? []), figures]);
  }

  /** All rounds, as `takeOver` takes them. */
  toJSON(): Record<string, Record<string, Figures[]>> {
    return Object.fromEntries([...this.#rounds].map(([row, contestants]) => [row, Object.fromEntries(contestants)]));
  }

  takeOver(rows: Record<string, Record<string, readonly Figures[]>>): void {
    for (const [row, contestants] of Object.entries(rows))
      for (const [contestant, rounds] of Object.entries(contestants))
        for (const figures of rounds) this.add(row, contestant, figures);
  }

  get workloads(): string[] {
    return [...this.#rounds.keys()];
  }

  contestants(workload: string): string[] {
    return [...(this.#rounds.get(workload)?.keys() ?? [])];
  }

  /** NaN where it was not measured. */
  median(workload: string, contestant: string, figure: Figure): number {
    const values = this.#values(workload, contestant, figure);
    if (values.length === 0) return NaN;
    const middle = Math.floor(values.length / 2);
    return values.length % 2 === 1 ? values[middle]! : (values[middle - 1]! + values[middle]!) / 2;
  }

  /** Half the distance from the least to the most, as a share of the median. */
  spread(workload: string, contestant: string, figure: Figure): number {
    const values = this.#values(workload, contestant, figure);
    const half = (values.at(-1)! - values[0]!) / 2;
    return half === 0 ? 0 : half / this.median(workload, contestant, figure); // the median may be 0 then
  }

  /** For the terminal. */
  table(workload: string): string {
    const lines = this.contestants(workload).map((contestant) => {
      const last = this.#rounds.get(workload)!.get(contestant)!.at(-1)!;
      const known = (Object.keys(last) as Figure[]).filter((figure) => !Number.isNaN(last[figure]));
      const cells = known.map((figure) => {
        const spread = Math.round(100 * this.spread(workload, contestant, figure));
        return `${figure} ${Number(this.median(workload, contestant, figure).toPrecision(3))} ±${spread}%`;
      });
      return `  ${contestant.padEnd(28)} ${cells.join('  ')}`;
    });
    return `${workload}\n${lines.join('\n')}`;
  }

  #values(workload: string, contestant: string, figure: Figure): number[] {
    const rounds = this.#rounds.get(workload)?.get(contestant) ?? [];
    return rounds.map((figures) => figures[figure] ?? NaN).sort((a, b) => a - b);
  }
}
