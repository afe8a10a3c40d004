-- purpose: opens a batch, or joins the one that has this name. A run that has had a batch has another layout. Clients
--   that know of no batches are refused there, because members that they finish would be left for ever.
-- KEYS: run; LAYOUT; then the five keys of batches
-- ARGV: name; token: by which a repetition is recognised; chance: the last two characters of its id; parent: the
--       batch that it is in ('' none); about: its settings, as JSON; rest: its `then` ('' none), an envelope without
--       its id
-- returns: {'opened' or 'joined', id, its settings and its `then`, as they are kept} | {'unknown', 'complete' or
--   'cancelled', parent}: the parent is that, and nothing was opened
-- include clock run batch-keys batches booking batch
local LAYOUT = KEYS[8]
local name, token, chance, parent, about, rest = unpack(ARGV, 1, 6)
local at, id = now(), redis.call('HGET', BATCHES, '!' .. name)
if id then
  local since, known = batches.fields(id, 'since', 'about')
  return { string.match(since, ' (.*)$') == token and 'opened' or 'joined', id, known }
end
if parent ~= '' then
  local left, done, cancelled = batches.fields(parent, 'left', 'done', 'cancel')
  local why = not left and 'unknown' or done and 'complete' or cancelled and 'cancelled'
  if why then return { why, parent } end
  redis.call('HINCRBY', BATCHES, parent .. ' left', 0) -- booking needs this and the next: tried before any writing
  isBatch(parent)
end

id = base36(redis.call('INCR', SERIAL)) .. chance
if redis.call('GET', LAYOUT) ~= '3' then redis.call('SET', LAYOUT, '2') end -- that of large data says more
redis.call('ZADD', BATCHENDS, '+inf', id)
-- Fields are few, because each costs some 70 bytes beside its text.
if rest ~= '' then about = about .. '\n' .. rest end
local since = string.format('%.0f', at) .. ' ' .. token
local fields = { '!' .. name, id, id .. ' left', 1, id .. ' about', about, id .. ' since', since }
if parent ~= '' then
  redis.call('ZADD', CHILDREN, 0, parent .. ' ' .. id)
  fields[#fields + 1] = id .. ' parent'
  fields[#fields + 1] = parent
end
redis.call('HSET', BATCHES, unpack(fields))
if parent ~= '' then
  batches.owe(parent, 'left', 1)
  batches.owe(parent, 'sent', 1)
  batches.bookOwed(at)
end
return { 'opened', id, about }
