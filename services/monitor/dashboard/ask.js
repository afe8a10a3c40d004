/**
 * Asks before anything is changed: it says what is to be done, and asks for the token where the page has none. A wrong
 * token is asked for again; any other refusal is shown in the Monitor's words.
 */
import { hasToken, keepToken } from './api.js';
import { say } from './table.js';

const part = (id) => document.getElementById(id);
const [dialog, token, yes] = [part('ask'), part('change-token'), part('ask-do')];
let act = () => undefined;

/** Opens the question. `action` makes the change and resolves with the text to show afterwards. */
export function ask({ what, about, verb, action }) {
  act = action;
  say(part('ask-what'), what);
  say(part('ask-about'), about);
  say(yes, verb);
  say(part('ask-trouble'), '');
  say(part('done'), '');
  dialog.showModal();
  askForToken(!hasToken('changes'));
}

function askForToken(needed) {
  part('ask-token').hidden = !needed;
  token.required = needed;
  (needed ? token : part('ask-cancel')).focus();
}

async function answered() {
  if (token.value !== '') keepToken('changes', token.value);
  token.value = '';
  yes.disabled = true;
  say(part('ask-trouble'), '');
  try {
    const done = await act();
    dialog.close();
    say(part('done'), done);
  } catch (refusal) {
    say(
      part('ask-trouble'),
      refusal.status === 401 ? 'The Monitor does not accept this token for changes.' : refusal.message,
    );
    if (refusal.status !== 401 && refusal.status !== 403) return; // another token may be accepted
    keepToken('changes', '');
    askForToken(true);
  } finally {
    yes.disabled = false;
  }
}

part('ask-cancel').addEventListener('click', () => dialog.close());
dialog.addEventListener('close', () => (token.value = ''));
dialog.querySelector('form').addEventListener('submit', (event) => {
  event.preventDefault();
  void answered();
});
