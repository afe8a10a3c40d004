-- purpose: sends marbles of any kind, to any queues, all of them exactly once and in one step.
-- KEYS: run; WATCHED; SENDER; then the list of each line, then the wake-up of each; for pushMembers then the five keys
--       of batches; for pushLarge then the keys of large data, and the five keys of batches
-- ARGV: number: of this send; rememberMs: how long the send is remembered; then, for pushMembers and pushLarge, what
--       is said of their batches (lib/members), for pushLarge of large data (lib/large), then lines, their queues, the
--       number of groups, and the groups (lib/outputs)
-- returns: 1 where it was done now, 0 where it had been done before; for pushMembers also {batch, why not}: nothing
--   was sent; for pushLarge also -1: nothing was sent, because some of the large data is not there
-- include clock run args wake pushing outputs once
local SENDER = KEYS[9]
local number, rememberMs = unpack(ARGV, 1, 2)
keysRead, argsRead = 9, 2
if batches then batches.read() end
local lines, names = nextList()
local lists = nextLists(lines)
for line = 1, lines do redis.call('LLEN', KEYS[lists + line]) end -- one that is no list fails here, before any send
if batches and isNew(SENDER, number) then
  local refusal = batches.refusal()
  if refusal then return refusal end
  if large and not large.isThere() then return -1 end
end
return once(SENDER, number, rememberMs, function()
  local at = now()
  deliver(names, lists, at)
  if batches then batches.bookNamed(at) end
end) and 1 or 0
