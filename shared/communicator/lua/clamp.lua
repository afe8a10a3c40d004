-- purpose: sets leases and time limits right after Redis's clock has gone back. Each that lies further ahead than it
--   can end is set to end as late as it may. The script may be run again: it leaves alone what can be so.
-- KEYS: CLOCK; HOLDERS; DEADLINES; then for each holder: holder, held
-- ARGV: unknownLeaseMs: the lease where the holder does not say; then for each holder: its name, how many receipts,
--       and these
-- returns: {leases, time limits} that lay too far ahead
-- include clock args
local CLOCK, HOLDERS, DEADLINES = unpack(KEYS, 1, 3)
local unknownLeaseMs = ARGV[1]
keysRead, argsRead = 3, 1
local at, leases, limits = now(), 0, 0
local back, from = unpack(redis.call('HMGET', CLOCK, 'back', 'from'))

local function clampLease(holder, about)
  local latest = at + (tonumber(redis.call('HGET', about, 'leaseMs')) or tonumber(unknownLeaseMs))
  local lease = tonumber(redis.call('ZSCORE', HOLDERS, holder))
  if not lease or lease <= latest then return end
  redis.call('ZADD', HOLDERS, 'XX', latest, holder)
  leases = leases + 1
end

-- Returns the latest end by the limit of the marble, or else by that of its holder. Where neither is known, the end
-- moves back by as much as the clock.
local function latestEnd(ends, receipt, about, held)
  local envelope = redis.call('HGET', held, receipt) or ''
  local header = string.sub(envelope, 1, (string.find(envelope, '\n', 1, true) or 1) - 1)
  local limit = tonumber(string.match(header, ' l=(%d+)')) or tonumber(redis.call('HGET', about, 'timeLimitMs')) or 0
  if limit > 0 then return at + limit end
  return from and ends > tonumber(from) and ends - back or ends
end

while argsRead < #ARGV do
  local holder, keys = nextArgs(1), nextKeys(2)
  local about, held = unpack(KEYS, keys + 1, keys + 2)
  clampLease(holder, about)
  local receipts, place = nextList()
  for i = place + 1, place + receipts do
    local member = holder .. ' ' .. ARGV[i]
    local ends = tonumber(redis.call('ZSCORE', DEADLINES, member))
    local latest = ends and latestEnd(ends, ARGV[i], about, held)
    if ends and latest < ends then
      redis.call('ZADD', DEADLINES, 'XX', latest, member)
      limits = limits + 1
    end
  end
end
return { leases, limits }
