-- purpose: takes marbles for good, unmonitored: there is no lease and no finish. All of them are looked at and
--   counted before any is taken.
-- KEYS: run; then the list of each line, then the five keys of batches
-- ARGV: most: marbles; aside: how many of the first line were taken by BRPOP since the last call; members: the
--       batches that those were members of, as `<id> <n> ...`; then queues
-- returns: {queue, envelope, ...}, ... for each line that had any
-- include clock run args batch-keys batches booking
local most, aside, members = unpack(ARGV, 1, 3)
keysRead, argsRead = 7, 3
local lines = #ARGV - argsRead
local names, lists = nextPlace(lines), nextKeys(lines)
local want, sizes, answer = tonumber(most), {}, {}
for i = 1, lines do
  sizes[i] = math.min(want, redis.call('LLEN', KEYS[lists + i]))
  want = want - sizes[i]
end
for i, n in ipairs(sizes) do
  if i == 1 then n = n + aside end
  if n > 0 then
    count(ARGV[names + i], 'taken', n)
    count(ARGV[names + i], 'finished', n)
  end
end
for id, n in string.gmatch(members, '(%S+) (%d+)') do batches.owe(id, 'left', -n) end
for i, n in ipairs(sizes) do
  local next = n > 0 and batches.any() and redis.call('LRANGE', KEYS[lists + i], -n, -1) or {}
  for _, envelope in ipairs(next) do batches.owe(batches.of(envelope), 'left', -1) end
end
batches.try()
for i, n in ipairs(sizes) do
  if n > 0 then
    local taken = redis.call('RPOP', KEYS[lists + i], n)
    table.insert(taken, 1, ARGV[names + i])
    answer[#answer + 1] = taken
  end
end
batches.bookOwed(now())
return answer
