-- Large data lie beside their list, under a key of their own (docs/decisions/large-data.md). The envelope refers to
-- them by a word of its header, `D=<name>/<bytes>`, and nothing follows that header.
--
-- Returns the name and the size of the data that an envelope refers to, or nil where it has them itself. Nearly every
-- envelope is known by its last byte to have them.
local function refersTo(envelope)
  if string.byte(envelope, -1) ~= 10 or string.find(envelope, '\n', 1, true) < #envelope then return nil end
  return string.match(envelope, ' D=(%S+)/(%d+)[ \n]')
end
