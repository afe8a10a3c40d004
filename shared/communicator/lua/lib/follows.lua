-- For a command that was sent while the one before it was under way. It does nothing where that one was not done:
-- otherwise its number would be remembered, and the one before, asked again, would count as done and be lost.
follows = true
