-- purpose: takes marbles for good, unmonitored: no lease, no finish.
-- KEYS: 1-7 run, 8.. the list of each line
-- ARGV: 1 most marbles, 2 how many of the first line were taken by BRPOP since the last call, 3.. queues
-- returns: {queue, envelope, ...}, ... of each line that had any
-- include run
local want, answer = tonumber(ARGV[1]), {}
local function gone(queue, n)
  count(queue, 'taken', n)
  count(queue, 'finished', n)
end
if tonumber(ARGV[2]) > 0 then gone(ARGV[3], ARGV[2]) end
for i = 1, #KEYS - 7 do
  if want <= 0 then break end
  local taken = redis.call('RPOP', KEYS[7 + i], want)
  if taken then
    want = want - #taken
    gone(ARGV[2 + i], #taken)
    table.insert(taken, 1, ARGV[2 + i])
    answer[#answer + 1] = taken
  end
end
return answer
