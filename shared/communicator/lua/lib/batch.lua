-- Gives a batch its id, and forgets it.
local function base36(number)
  local digits = ''
  repeat
    local digit = number % 36
    digits = string.sub('0123456789abcdefghijklmnopqrstuvwxyz', digit + 1, digit + 1) .. digits
    number = math.floor(number / 36)
  until number == 0
  return digits
end

-- Removes the date of a batch last: while it has one, it is found again.
local function forget(id, about, parent)
  local name = about and '!' .. batches.policy(about).name
  if name and redis.call('HGET', BATCHES, name) == id then redis.call('HDEL', BATCHES, name) end
  local fields, all = {}, 'left sent dead gone cancelled failed surplus sealed cancel done fired since parent about'
  for what in string.gmatch(all, '%a+') do
    fields[#fields + 1] = batchField(id, what)
  end
  redis.call('HDEL', BATCHES, unpack(fields))
  if parent then redis.call('ZREM', CHILDREN, parent .. ' ' .. id) end
  redis.call('ZREM', CANCELLED, id)
  redis.call('ZREM', BATCHENDS, id)
end
