-- purpose: opens a batch, or joins the one that has this name. A run that has had a batch has another layout: clients that
--   know of none are refused there, for what they finished would be left for ever.
-- KEYS: run; LAYOUT; then the five of batches
-- ARGV: name; token: by which a repetition is recognised; chance: two characters of it; parent: the batch that it is in
--       ('' none); about: it, as JSON; rest: its `then` ('' none), an envelope without its id
-- returns: {'opened' or 'joined', id, about it and its `then`, as they are kept} | {why it may not be opened: 'unknown', 'complete' or 'cancelled', of what it
--   was to be in}
-- include clock run batches booking batch
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
  redis.call('HINCRBY', BATCHES, parent .. ' left', 0) -- tried before anything is written, as what is asked when it is booked
  isBatch(parent)
end

id = base36(redis.call('INCR', SERIAL)) .. chance
redis.call('SET', LAYOUT, '2')
redis.call('ZADD', BATCHENDS, '+inf', id)
-- Few fields: each costs some 70 bytes beside its text.
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
  batches.settle(at)
end
return { 'opened', id, about }
