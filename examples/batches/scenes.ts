/**
 * The examples of batches, each on a bus of its own. Their output is in `.demo` of this project, made anew each time.
 */
import { mkdir, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ended, PATIENCE_MS, type Scene } from '../stage/scene.js';

const PROJECT = new URL('../../../', import.meta.url);
const DOCS = fileURLToPath(new URL('docs', PROJECT));

export const processFolder: Scene = {
  title: 'a batch: a marble for each file of a folder, its progress, a report when all are done',
  play: async (stage) => {
    const [bus, into] = [await stage.bus('main'), await emptied('compressed')];
    const sender = stage.program('sender', 'batches/process-folder.js', bus, { args: [DOCS, into] });
    await sender.line(/^0 of/, PATIENCE_MS);
    stage.say('the folder is sent; now a worker comes');
    const worker = stage.program('worker', 'batches/folder-worker.js', bus);
    await ended(sender);
    await worker.line(/are compressed/, PATIENCE_MS);
  },
};

export const resumeImport: Scene = {
  title: 'a batch: the sender of an import is killed, another goes on from where it was',
  play: async (stage) => {
    const [bus, into] = [await stage.bus('main'), await emptied('imported')];
    const send = (name: string, pageMs: string) =>
      stage.program(name, 'batches/import.js', bus, { args: ['nightly', into, pageMs] });
    const worker = stage.program('worker', 'batches/import-worker.js', bus);
    const first = send('first sender', '200');
    await first.line(/^100 rows/, PATIENCE_MS);
    await first.kill('SIGKILL');
    stage.say('the sender was killed in the middle; another one is started');
    await ended(send('next sender', '0'));
    await worker.line(/are imported/, PATIENCE_MS);
    stage.say('once more, though all is done: nothing happens');
    await ended(send('last sender', '0'));
  },
};

export const fanOut: Scene = {
  title: 'batches in a batch: frames are joined to scenes, scenes to a film',
  play: async (stage) => {
    const [bus, into] = [await stage.bus('main'), await emptied('film')];
    const sender = stage.program('sender', 'batches/film.js', bus, { args: [into, '3', '4'] });
    await sender.line(/are sent/, PATIENCE_MS);
    stage.say('all is sent; now a worker comes');
    const worker = stage.program('worker', 'batches/film-worker.js', bus);
    await ended(sender);
    await worker.line(/the film is joined/, PATIENCE_MS);
  },
};

async function emptied(name: string): Promise<string> {
  const folder = fileURLToPath(new URL(`.demo/${name}`, PROJECT));
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  return folder;
}
