-- The first `most` envelopes of a list, up to about `mostBytes`, without taking them: the next one first. In pieces, by
-- the size of those before: what is read is copied.
local function front(key, most, mostBytes)
  local envelopes, bytes = {}, 0
  while #envelopes < most and bytes < mostBytes do
    local n = #envelopes
    local fitting = n == 0 and 1 or math.ceil((mostBytes - bytes) * n / bytes)
    local piece = math.min(most - n, fitting, 1 + math.min(n, 255)) -- small ones may be followed by large ones
    local some = redis.call('LRANGE', key, -n - piece, -n - 1)
    for i = #some, 1, -1 do
      envelopes[#envelopes + 1] = some[i]
      bytes = bytes + #some[i]
    end
    if #some < piece then break end
  end
  return envelopes
end
