-- Wakes a holder that waits on several queues (docs/decisions/wake-lists.md). Such holders wait with BZPOPMIN for the
-- wake-ups of their queues, and each wake-up goes to the one that has waited longest. It lies beside its list until
-- then, at most one for each.
--
-- A wake-up is a hint: where it is lost, marbles are found a little later. So no marble is put back or refused because
-- of it. A holder that waits is told of keys that hold something else (listen).
local function wake(watched, wakeUp, queue)
  if type(redis.pcall('HGET', watched, queue)) == 'string' then redis.pcall('ZADD', wakeUp, 0, queue) end
end
