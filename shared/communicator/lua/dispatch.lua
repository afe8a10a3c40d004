-- purpose: sends marbles of any kind, to any queues, all of them exactly once and in one step.
-- KEYS: 1-7 run, 8 sender, 9.. the list of each line; of dispatchMembers then the five of batches
-- ARGV: 1 number of this send, 2 ms to remember it, of dispatchMembers then what they are of batches (lib/members), then
--       lines, their queues, the number of groups, and the groups (lib/outputs)
-- returns: 1 done now, 0 had been done; of dispatchMembers also {batch, why not}: nothing was sent
-- include clock run attempts outputs once
local i = batches and batches.read(3) or 3
local lines = tonumber(ARGV[i])
for line = 1, lines do redis.call('LLEN', KEYS[8 + line]) end -- fails where one is no list, before anything was sent
if batches and isNew(KEYS[8], ARGV[1]) then
  local refusal = batches.refusal()
  if refusal then return refusal end
end
return once(KEYS[8], ARGV[1], ARGV[2], function()
  local at = now()
  deliver(i + 1 + lines, i, 8, at)
  if batches then batches.bookNamed(at) end
end) and 1 or 0
