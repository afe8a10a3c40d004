-- purpose: notes the connection that a heart beats by. Where that is gone and does not come back in time, the leases
--   of its holders end (lapse). Whatever was noted of its being gone is over, because it beats.
-- KEYS: HEARTS
-- ARGV: heart; client: the id by which Redis knows this connection; address: of this connection; goneMs: how long it
--       may be gone (0: for ever); container: the one that the process is in, or '-'
-- returns: 1 where the connection is another than before, of which no Monitor knows yet, or 0
-- include clock hearts
local HEARTS = KEYS[1]
local heart, client, address, goneMs, container = unpack(ARGV, 1, 5)
local connection = client .. ' ' .. address
local before = readHeart(HEARTS, heart)
local isSame = before ~= nil and before.connection == connection
if isSame and before.lookedAt == 0 then return 0 end -- nearly every beat: nothing is written
writeHeart(HEARTS, heart, {
  connection = connection, goneMs = tonumber(goneMs), notedAt = now(),
  server = isSame and before.server or '-', gone = 0, lookedAt = 0, container = container,
})
return isSame and 0 or 1
