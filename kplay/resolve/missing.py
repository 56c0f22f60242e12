"""Stand-ins for values that a template may never need: undefined names, omitted arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import jinja2

if TYPE_CHECKING:
    from collections.abc import Callable

    from kplay.resolve.faults import TemplateError


class Missing(jinja2.StrictUndefined):
    """A value that could not be made: using it raises the error, `default` may replace it.

    Attributes and items of it are the same stand-in, so that ``a.b.c | default(x)`` holds
    when ``a`` is undefined. ``make`` gives the error, built only when it is needed; ``undefined``
    is true where it can be no other than that a name is undefined.
    """

    __slots__ = ("make", "undefined")

    def __init__(self, make: Callable[[], TemplateError], *, undefined: bool = False) -> None:
        super().__init__()
        self.make = make
        self.undefined = undefined

    def _fail(self, *_: object, **__: object) -> NoReturn:
        raise self.make()

    _fail_with_undefined_error = _fail

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, _: object) -> Missing:  # type: ignore[override]
        return self

    def __repr__(self) -> str:
        return "Missing()"

    __iter__ = __str__ = __len__ = __bool__ = __hash__ = __call__ = _fail
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = _fail
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _fail
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = _fail
    __int__ = __float__ = __pow__ = __rpow__ = __neg__ = __pos__ = __complex__ = _fail


class NoElement(Missing):
    """What Jinja itself makes of something undefined: the first element of an empty list."""

    __slots__ = ()

    def __init__(
        self,
        hint: str | None = None,
        obj: Any = None,  # noqa: ARG002 - Jinja's signature
        name: str | None = None,
        exc: type[Exception] | None = None,  # noqa: ARG002
    ) -> None:
        said = (hint or f"`{name}` is undefined").rstrip(".")

        def make() -> TemplateError:
            from kplay.resolve.faults import undefined

            return undefined(said[:1].lower() + said[1:])

        super().__init__(make)


class Omitted:
    """The value of ``omit``: an argument that holds it is left out."""

    def __repr__(self) -> str:
        return "OMIT"

    def __copy__(self) -> Omitted:
        return self

    def __deepcopy__(self, _: object) -> Omitted:
        return self

    def __reduce__(self) -> str:
        return "OMIT"


OMIT = Omitted()
