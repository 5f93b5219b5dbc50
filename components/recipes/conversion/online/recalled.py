"""Lines before, forgotten between requests: to make a converter anew for each would take a second."""

from components.recipes.conversion.serving.converter import Converter
from components.recipes.conversion.serving.memory import Memory


class Recalled(Memory):
    """A converter's memory that can be emptied."""

    @classmethod
    def of(cls, converter: Converter) -> "Recalled":
        """The converter's own; it becomes one of these."""
        memory = converter.memory
        assert memory is not None
        if not isinstance(memory, cls):
            memory = cls(memory.vocabulary, memory.favoured)
            vars(converter)["memory"] = memory
        return memory

    def forget(self) -> None:
        self.favoured[:] = self._without
        self._lines.clear()
