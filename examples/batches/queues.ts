/** The agreement of the programs of the batches: what each queue holds. */
export interface Queues {
  /** A file to compress, and where to. */
  compress: { readonly from: string; readonly to: string };
  /** `then` of a folder: where it was. */
  'folder-done': string;

  /** A row to import, and the folder that stands for the database. */
  rows: Row & { readonly into: string };
  /** `then` of an import: how many rows its source has. */
  imported: number;

  /** A frame of a film to draw. */
  frames: { readonly into: string; readonly scene: number; readonly frame: number };
  /** `then` of a scene. */
  scenes: { readonly into: string; readonly scene: number; readonly frames: number };
  /** `then` of a film. */
  films: { readonly into: string; readonly scenes: number };
}

export interface Row {
  readonly id: number;
  readonly name: string;
}
