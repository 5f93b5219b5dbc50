"""honcho, which supervises the processes of the Procfile, with the patience of who serves: it would kill what is left
5 s after the first of them has ended, and a stream that `casebook serve` has begun may take longer.
"""

from honcho import command, manager

from components.serving.leaving import DRAINED_WITHIN

KILLED_AFTER = DRAINED_WITHIN + 5.0  # seconds between asking the processes to end and killing them

if __name__ == "__main__":
    manager.KILL_WAIT = KILLED_AFTER
    command.main()
