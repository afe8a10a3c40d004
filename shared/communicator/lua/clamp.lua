-- purpose: after Redis's clock has gone back: leases and time limits that lie further ahead than they can end as late as they
--   may. May be done again: what can be so stays so.
-- KEYS: 1 clock, 2 holders, 3 deadlines, then of each holder: holder, held
-- ARGV: 1 lease in ms where the holder does not say, then of each holder: its name, how many receipts, and these
-- returns: {leases, time limits} that lay too far ahead
-- include clock
local at, leases, limits = now(), 0, 0
local back, from = unpack(redis.call('HMGET', KEYS[1], 'back', 'from'))

local function clampLease(holder, about)
  local latest = at + (tonumber(redis.call('HGET', about, 'leaseMs')) or tonumber(ARGV[1]))
  local lease = tonumber(redis.call('ZSCORE', KEYS[2], holder))
  if not lease or lease <= latest then return end
  redis.call('ZADD', KEYS[2], 'XX', latest, holder)
  leases = leases + 1
end

-- The limit of the marble or of its holder; where neither is known it ends as much earlier as the clock is.
local function latestEnd(ends, receipt, about, held)
  local envelope = redis.call('HGET', held, receipt) or ''
  local header = string.sub(envelope, 1, (string.find(envelope, '\n', 1, true) or 1) - 1)
  local limit = tonumber(string.match(header, ' l=(%d+)')) or tonumber(redis.call('HGET', about, 'timeLimitMs')) or 0
  if limit > 0 then return at + limit end
  return from and ends > tonumber(from) and ends - back or ends
end

local arg = 2
for i = 4, #KEYS, 2 do
  local holder, receipts = ARGV[arg], tonumber(ARGV[arg + 1])
  clampLease(holder, KEYS[i])
  for j = arg + 2, arg + 1 + receipts do
    local member = holder .. ' ' .. ARGV[j]
    local ends = tonumber(redis.call('ZSCORE', KEYS[3], member))
    local latest = ends and latestEnd(ends, ARGV[j], KEYS[i], KEYS[i + 1])
    if ends and latest < ends then
      redis.call('ZADD', KEYS[3], 'XX', latest, member)
      limits = limits + 1
    end
  end
  arg = arg + 2 + receipts
end
return { leases, limits }
