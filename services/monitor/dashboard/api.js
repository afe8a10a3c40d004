/**
 * Sends requests of the page to the Monitor. Tokens are kept here, in memory, until the page is closed.
 *
 * What may go wrong: the Monitor does not answer (`status` is 0), refuses, or reports that Redis does.
 */
const DEADLINE_MS = 10_000;
const tokens = { reads: '', changes: '' };

export class Refusal extends Error {
  /** Takes the `status` of HTTP, or 0 where there was no answer, and the `code`: MR_*, or about:blank. */
  constructor(status, code, detail) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

export const hasToken = (kind) => tokens[kind] !== '';

export function keepToken(kind, token) {
  tokens[kind] = token;
}

/** Reads from the API. With `also`, a reply of that status counts as an answer too. */
export async function read(path, also = 200) {
  const reply = await ask(path, { headers: bearer(tokens.reads || tokens.changes) });
  if (!reply.ok && reply.status !== also) throw await refusal(reply);
  return reply.json().catch(() => {
    throw new Refusal(0, 'about:blank', `something other than a Monitor answered, with ${reply.status}`);
  });
}

/** Makes a change. Resolves with the answer, or with undefined where the answer says only that it is done. */
export async function change(method, path) {
  const reply = await ask(path, { method, headers: bearer(tokens.changes) });
  if (!reply.ok) throw await refusal(reply);
  return reply.status === 204 ? undefined : reply.json();
}

const bearer = (token) => (token === '' ? {} : { authorization: `Bearer ${token}` });

async function ask(path, init) {
  const options = { cache: 'no-store', credentials: 'omit', redirect: 'error', referrerPolicy: 'no-referrer' };
  try {
    return await fetch(path, { ...init, ...options, signal: AbortSignal.timeout(DEADLINE_MS) });
  } catch (error) {
    const why = error.name === 'TimeoutError' ? `no answer within ${DEADLINE_MS / 1000} s` : 'no connection';
    throw new Refusal(0, 'about:blank', why);
  }
}

async function refusal(reply) {
  const { type = 'about:blank', detail } = await reply.json().catch(() => ({}));
  return new Refusal(reply.status, type, detail ?? `it answered with ${reply.status}`);
}
