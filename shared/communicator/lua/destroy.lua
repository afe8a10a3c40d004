-- purpose: deletes the marbles that wait in a queue, exactly once. It takes one step, however many there are, because
--   Redis frees them beside its work (UNLINK). Where batches have to know of their members, or there may be large data,
--   it takes steps bounded by number and bytes.
-- KEYS: run; SENDER; LIST: of the queue; LAYOUT; ABSENT: a key that is not there, for trials; then the keys of large
--       data, then the five keys of batches
-- ARGV: number: of this step; rememberMs: how long the step is remembered; queue; most: marbles; mostBytes;
--       then names of large data (lib/over)
-- returns: {how many were deleted, '1' if there may be more}, now or when this step was first asked for; or {0, '1',
--   name of large data that is missing, ...}: nothing was done
-- include clock run args lines look refers over batch-keys batches booking
local SENDER, LIST, LAYOUT, ABSENT = unpack(KEYS, 8, 11)
local number, rememberMs, queue, most, mostBytes = unpack(ARGV, 1, 5)
local last, before, more = string.match(redis.call('GET', SENDER) or '', '^(%d+) (%d+) (%d)$')
if last and tonumber(last) >= tonumber(number) then return { tonumber(before), more } end

keysRead, argsRead = 11, 5
nextDataKeys()
local at, n, members = now(), redis.call('LLEN', LIST), {}
local inSteps = n > 0 and (redis.call('GET', LAYOUT) == '3' or batches.any())
more = '0'
if n > 0 then count(queue, 'destroyed', 0) end -- tried before anything is deleted: what is gone must be counted
if inSteps then
  members = look(LIST, tonumber(most), tonumber(mostBytes), { n = 0, bytes = 0 })
  local unknown = unknownData(members)
  if #unknown > 0 then return { 0, '1', unpack(unknown) } end
  tryDeletion(ABSENT)
  more, n = #members < n and '1' or '0', #members
  for _, envelope in ipairs(members) do
    local id = batches.of(envelope)
    batches.owe(id, 'left', -1)
    batches.owe(id, 'gone', 1)
  end
  drop(LIST, n)
  deleteData(members)
elseif n > 0 then
  redis.call('UNLINK', LIST)
end
if n > 0 then count(queue, 'destroyed', n) end
batches.bookOwed(at)
redis.call('SET', SENDER, number .. ' ' .. n .. ' ' .. more, 'PX', rememberMs)
return { n, more }
