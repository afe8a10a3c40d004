-- Says that a step may send what its marble sends on.
local canSend, sendOutputs -- set by lib/step-outputs; nil in a step that sends nothing
