-- purpose: sends marbles of any kind, to any queues, all of them exactly once and in one step.
-- KEYS: run; SENDER; then the list of each line; for pushMembers then the five keys of batches
-- ARGV: number: of this send; rememberMs: how long the send is remembered; then, for pushMembers, what is said of
--       their batches (lib/members), then lines, their queues, the number of groups, and the groups (lib/outputs)
-- returns: 1 where it was done now, 0 where it had been done before; for pushMembers also {batch, why not}: nothing
--   was sent
-- include clock run args outputs once
local SENDER = KEYS[8]
local number, rememberMs = unpack(ARGV, 1, 2)
keysRead, argsRead = 8, 2
if batches then batches.read() end
local lines, names = nextList()
local lists = nextKeys(lines)
for line = 1, lines do redis.call('LLEN', KEYS[lists + line]) end -- one that is no list fails here, before any send
if batches and isNew(SENDER, number) then
  local refusal = batches.refusal()
  if refusal then return refusal end
end
return once(SENDER, number, rememberMs, function()
  local at = now()
  deliver(names, lists, at)
  if batches then batches.bookNamed(at) end
end) and 1 or 0
