/**
 * Plays the commands with which docs/OPERATIONS.md sets up each overlay on the model of the API server.
 *
 * What may go wrong: the page has a command that the player does not know. Then it throws: teach the player this
 * command, or reword the page.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { ApiServer } from './api-server.js';
import { render, type Manifest } from './render.js';

const ROOT = new URL('../../../', import.meta.url);

/** Lists the instructions by folder of k8s/: the commands up to and including its `kubectl apply`. */
export function instructions(): Map<string, readonly string[]> {
  const page = readFileSync(new URL('docs/OPERATIONS.md', ROOT), 'utf8');
  const blocks = [...page.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, block]) => block!.trim().split('\n'));
  return new Map(
    blocks.flatMap((lines) => {
      const [, folder] = /^kubectl apply -k k8s\/(\S*)$/.exec(lines.at(-1)!) ?? [];
      return folder === undefined ? [] : [[folder || '.', lines]];
    }),
  );
}

/** The output of the script, kept for the same words: it takes its time, and any password will do. */
const printed = new Map<string, string>();
function secrets(words: string): Manifest[] {
  const text =
    printed.get(words) ??
    execFileSync('sh', ['k8s/secrets.sh', ...words.split(' ')], { cwd: fileURLToPath(ROOT), encoding: 'utf8' });
  printed.set(words, text);
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
}

export function play(commands: readonly string[], server = new ApiServer()): ApiServer {
  const variables = new Map<string, string>();
  for (const command of commands) {
    const known = VERBS.some(([pattern, act]) => {
      const match = pattern.exec(command);
      if (match) act(server, match.slice(1), variables);
      return match !== null;
    });
    if (!known) throw new Error(`nobody knows how to play: ${command}`);
  }
  return server;
}

type Act = (server: ApiServer, words: string[], variables: Map<string, string>) => void;

const VERBS: readonly [RegExp, Act][] = [
  [/^k8s\/secrets\.sh (.*) \| kubectl create -f -$/, (server, [words]) => server.create(secrets(words!))],
  [
    /^(\w+)=\$\(kubectl -n (\S+) get secret (\S+) -o jsonpath='\{\.data\.(\w+)\}' \| base64 -d\)$/,
    (server, [variable, namespace, name, key], variables) => {
      const value = server.read('Secret', namespace, { name: name!, key: key! });
      if (value === undefined) server.mistakes.push(`there is no Secret ${name} in ${namespace} yet`);
      variables.set(variable!, value ?? '');
    },
  ],
  [
    /^kubectl -n (\S+) create secret generic (\S+) --from-literal=(\w+)="\$(\w+)"$/,
    (server, [namespace, name, key, variable], variables) => {
      const metadata = { name: name!, namespace: namespace! };
      const stringData = { [key!]: variables.get(variable!) };
      server.create([{ apiVersion: 'v1', kind: 'Secret', metadata, stringData }]);
    },
  ],
  [/^kubectl apply -k k8s\/(\S*)$/, (server, [folder]) => server.apply(render(folder! || '.'))],
];
