-- purpose: takes marbles for good, unmonitored: no lease, no finish. All is looked at and counted before anything is taken.
-- KEYS: 1-7 run, 8.. the list of each line
-- ARGV: 1 most marbles, 2 how many of the first line were taken by BRPOP since the last call, 3.. queues
-- returns: {queue, envelope, ...}, ... of each line that had any
-- include run
local want, sizes, answer = tonumber(ARGV[1]), {}, {}
for i = 1, #KEYS - 7 do
  sizes[i] = math.min(want, redis.call('LLEN', KEYS[7 + i]))
  want = want - sizes[i]
end
for i, n in ipairs(sizes) do
  if i == 1 then n = n + ARGV[2] end
  if n > 0 then
    count(ARGV[2 + i], 'taken', n)
    count(ARGV[2 + i], 'finished', n)
  end
end
for i, n in ipairs(sizes) do
  if n > 0 then
    local taken = redis.call('RPOP', KEYS[7 + i], n)
    table.insert(taken, 1, ARGV[2 + i])
    answer[#answer + 1] = taken
  end
end
return answer
