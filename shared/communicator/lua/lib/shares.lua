-- Lines that wait get equal shares of a batch. Each gets as many marbles and bytes as the others, and what one does
-- not need goes to the rest. Nothing is removed here. A line is { key, length, seen = {}, bytes = 0 }. Its `seen`
-- grows.

-- Looks at the next marbles of a line, up to so many and about so many bytes. It reads in pieces, by the size of
-- those before, because the cost of a large reply to a script grows with the square of its size. Large data that an
-- envelope refers to count too, because they go with it.
local function sizeOf(envelope)
  local _, bytes = refersTo(envelope)
  return #envelope + (tonumber(bytes) or 0)
end

local function lookOn(line, room, marbles, bytes)
  local from, before = #line.seen, line.bytes
  local most = math.min(from + marbles, line.length)
  while #line.seen < most and line.bytes - before < bytes do
    local fitting = line.bytes > 0 and math.ceil((bytes - line.bytes + before) * #line.seen / line.bytes) or 1
    local piece = math.min(most - #line.seen, fitting)
    local some = redis.call('LRANGE', line.key, -#line.seen - piece, -#line.seen - 1)
    for i = #some, 1, -1 do
      line.seen[#line.seen + 1] = some[i]
      line.bytes = line.bytes + sizeOf(some[i]) + 1
    end
  end
  room.marbles = room.marbles - #line.seen + from
  room.bytes = room.bytes - line.bytes + before
end

local function isExpedited(envelope)
  return string.find(string.sub(envelope, 1, string.find(envelope, '\n', 1, true) or 0), ' e=1[ \n]') ~= nil
end

-- Looks at the expedited marbles of each line, as far as the bytes reach. They lie at the front of their outboxes,
-- and go before all others, of whatever queue.
local function lookAtExpedited(lines, room)
  local bytes = room.bytes
  for _, line in ipairs(lines) do
    local first = line.length > 0 and redis.call('LRANGE', line.key, -1, -1)[1]
    while first and isExpedited(first) and room.marbles > 0 and room.bytes > 0 do
      lookOn(line, room, 1, 1)
      first = #line.seen < line.length and redis.call('LRANGE', line.key, -#line.seen - 1, -#line.seen - 1)[1]
    end
    bytes = bytes - (first and sizeOf(first) or 0)
    if bytes <= 0 then return end
  end
end

-- Looks at the rest in equal shares. `room`: most marbles, most bytes. What is left of an uneven share goes to the
-- first lines.
local function lookFairly(lines, room)
  while true do
    local waiting = {}
    for _, line in ipairs(lines) do
      if #line.seen < line.length then waiting[#waiting + 1] = line end
    end
    local marbles = math.max(1, math.floor(room.marbles / #waiting))
    local bytes = math.max(1, math.floor(room.bytes / #waiting))
    for _, line in ipairs(waiting) do
      if room.marbles <= 0 or room.bytes <= 0 then return end
      lookOn(line, room, marbles, bytes)
    end
    if #waiting == 0 then return end
  end
end
