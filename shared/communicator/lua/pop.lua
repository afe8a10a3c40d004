-- purpose: takes marbles for good, unmonitored: no lease, no finish. All is looked at and counted before anything is taken.
-- KEYS: 1-7 run, 8.. the list of each line, then the five of batches
-- ARGV: 1 most marbles, 2 how many of the first line were taken by BRPOP since the last call, 3 of which batches these were
--       members: `<id> <n> ...`, 4.. queues
-- returns: {queue, envelope, ...}, ... of each line that had any
-- include clock run batches
local want, sizes, answer = tonumber(ARGV[1]), {}, {}
for i = 1, #KEYS - 12 do
  sizes[i] = math.min(want, redis.call('LLEN', KEYS[7 + i]))
  want = want - sizes[i]
end
for i, n in ipairs(sizes) do
  if i == 1 then n = n + ARGV[2] end
  if n > 0 then
    count(ARGV[3 + i], 'taken', n)
    count(ARGV[3 + i], 'finished', n)
  end
end
for id, n in string.gmatch(ARGV[3], '(%S+) (%d+)') do batches.owe(id, 'left', -n) end
for i, n in ipairs(sizes) do
  local next = n > 0 and batches.any() and redis.call('LRANGE', KEYS[7 + i], -n, -1) or {}
  for _, envelope in ipairs(next) do batches.owe(batches.of(envelope), 'left', -1) end
end
batches.try()
for i, n in ipairs(sizes) do
  if n > 0 then
    local taken = redis.call('RPOP', KEYS[7 + i], n)
    table.insert(taken, 1, ARGV[3 + i])
    answer[#answer + 1] = taken
  end
end
batches.settle(now())
return answer
