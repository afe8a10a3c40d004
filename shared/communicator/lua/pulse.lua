-- purpose: notes by which connection a heart beats: where that is gone and does not come back in time, the leases of its
--   holders end (lapse). Whatever was noted of its being gone is over: it beats.
-- KEYS: 1 hearts
-- ARGV: 1 heart, 2 the id by which Redis knows this connection, 3 its address, 4 ms that it may be gone
-- returns: 1 where it is another connection than before, of which no Monitor knows yet, or 0
-- include clock hearts
local connection = ARGV[2] .. ' ' .. ARGV[3]
local before = readHeart(KEYS[1], ARGV[1])
local isSame = before ~= nil and before.connection == connection
if isSame and before.lookedAt == 0 then return 0 end -- nearly every beat: nothing is written
writeHeart(KEYS[1], ARGV[1], {
  connection = connection, goneMs = tonumber(ARGV[4]), notedAt = now(),
  server = isSame and before.server or '-', gone = 0, lookedAt = 0,
})
return isSame and 0 or 1
