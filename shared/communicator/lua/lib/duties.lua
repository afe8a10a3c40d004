-- A duty is work outside of Redis that one Monitor at a time does. Its field holds '<fence> <until> <owner> <note>':
-- the fence grows with each owner, the date is when the owner has the duty no longer (ms), and the note is what its
-- owners tell each other.
local function readDuty(duties, duty)
  local text = redis.call('HGET', duties, duty) or ''
  local fence, ends, owner, note = string.match(text, '^(%d+) (%d+) (%S+) (.*)$')
  return { fence = tonumber(fence) or 0, ends = tonumber(ends) or 0, owner = owner, note = note or '' }
end

local function writeDuty(duties, duty, is)
  local numbers = string.format('%.0f %.0f ', is.fence, is.ends)
  redis.call('HSET', duties, duty, numbers .. is.owner .. ' ' .. is.note)
end
