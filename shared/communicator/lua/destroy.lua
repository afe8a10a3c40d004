-- purpose: deletes the marbles that wait in a queue, exactly once. It takes one step, however many there are, because
--   Redis frees them beside its work (UNLINK). Where batches have to know of their members, it takes steps bounded by
--   number and bytes.
-- KEYS: run; SENDER; LIST: of the queue; then the five keys of batches
-- ARGV: number: of this step; rememberMs: how long the step is remembered; queue; most: marbles; mostBytes
-- returns: {how many were deleted, '1' if there may be more}, now or when this step was first asked for
-- include clock run look batches booking
local SENDER, LIST = unpack(KEYS, 8, 9)
local number, rememberMs, queue, most, mostBytes = unpack(ARGV, 1, 5)
local last, before, more = string.match(redis.call('GET', SENDER) or '', '^(%d+) (%d+) (%d)$')
if last and tonumber(last) >= tonumber(number) then return { tonumber(before), more } end

local at, n, members = now(), redis.call('LLEN', LIST), {}
more = '0'
if n > 0 then count(queue, 'destroyed', 0) end -- tried before anything is deleted: what is gone must be counted
if n > 0 and batches.any() then
  members = look(LIST, tonumber(most), tonumber(mostBytes), { n = 0, bytes = 0 })
  more, n = #members < n and '1' or '0', #members
  for _, envelope in ipairs(members) do
    local id = batches.of(envelope)
    batches.owe(id, 'left', -1)
    batches.owe(id, 'gone', 1)
  end
  drop(LIST, n)
elseif n > 0 then
  redis.call('UNLINK', LIST)
end
if n > 0 then count(queue, 'destroyed', n) end
batches.bookOwed(at)
redis.call('SET', SENDER, number .. ' ' .. n .. ' ' .. more, 'PX', rememberMs)
return { n, more }
