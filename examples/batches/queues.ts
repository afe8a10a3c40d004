/** The data of each queue, which the programs of the batches share. */
export interface Queues {
  /** A file to compress, and the place for the result. */
  compress: { readonly from: string; readonly to: string };
  /** The folder that is done: `then` of its batch. */
  'folder-done': string;

  /** A row to import, and the folder that stands for the database. */
  rows: Row & { readonly into: string };
  /** The number of rows in the source: `then` of an import. */
  imported: number;

  /** A frame of a film to draw. */
  frames: { readonly into: string; readonly scene: number; readonly frame: number };
  /** A scene to join: `then` of its batch. */
  scenes: { readonly into: string; readonly scene: number; readonly frames: number };
  /** A film to join: `then` of its batch. */
  films: { readonly into: string; readonly scenes: number };
}

export interface Row {
  readonly id: number;
  readonly name: string;
}
