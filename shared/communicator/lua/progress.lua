-- purpose: tells how batches are. A batch of which nothing is left, but that is not complete, is looked at again.
--   That makes good what once failed between the two (a missing right).
-- KEYS: run; then the five keys of batches
-- ARGV: batches
-- returns: {ms by Redis's clock, {left, sent, dead, gone, cancelled, failed, surplus, sealed, cancel, done, fired,
--   since, parent, about}, ...}: one such list for each batch, with nil for each field that it does not have
-- include clock run batch-keys batches booking
local at, answer = now(), {}
for _, id in ipairs(ARGV) do
  local left, done = batches.fields(id, 'left', 'done')
  if left and tonumber(left) <= 0 and not done then batches.owe(id, 'look', 1) end
end
batches.bookOwed(at)
for i, id in ipairs(ARGV) do
  answer[i + 1] = { batches.fields(id, 'left', 'sent', 'dead', 'gone', 'cancelled', 'failed', 'surplus', 'sealed', 'cancel',
    'done', 'fired', 'since', 'parent', 'about') }
end
answer[1] = at
return answer
