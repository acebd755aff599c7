"""A set of asynchrons."""

from .seed import report


class ResultSet(set):
    """A set of asynchrons. To iterate yields them as they complete, and waits for that.

    All else that a set does, as to print, copy, unite or compare it, waits for none. Nor does `with` at its end.
    """

    def __iter__(self):
        """Yields those that are in it now, as they complete; waits for each."""
        return report(list(super().__iter__()))

    def __repr__(self):
        # A set's own iterates, and so would wait for all.
        inside = ", ".join(map(repr, super().__iter__()))
        return f"{type(self).__name__}({{{inside}}})" if inside else f"{type(self).__name__}()"

    def __reduce__(self):
        # The same, for copy.
        return type(self), (list(super().__iter__()),), self.__dict__ or None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def wait(self):
        """Waits until all that are in it are complete."""
        for _ in self:
            pass
