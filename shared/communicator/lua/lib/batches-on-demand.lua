-- Makes the functions of lib/batches and lib/booking when the first of them is called. Most commands that finish
-- members call none, and making them would cost more than all else that such a command does for batches.
batches = setmetatable({}, { __index = function(_, name)
  -- include batches booking
  return rawget(batches, name)
end })
